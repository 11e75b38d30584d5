"""The app: settings, runner, page, launch. `demo` is what `gradio app.py` and Spaces look for."""

import argparse
import atexit

from vidu_demo.settings import Settings
from vidu_demo.studio import Studio
from vidu_demo.ui.launch import launch
from vidu_demo.ui.page import build


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="A playground for the video model Vidu Q2 Pro.")
    parser.add_argument("--share", action="store_true", help="also serve it under a public link")
    parser.add_argument("--host", help="address to listen on; 0.0.0.0 for the whole network")
    parser.add_argument("--port", type=int, help="port to listen on; by default the first free one")
    parser.add_argument(
        "--simulate", action="store_true", help="use the simulator even if there is a key"
    )
    return parser.parse_args()


arguments = read_arguments() if __name__ == "__main__" else argparse.Namespace(simulate=False)
studio = Studio(Settings.from_environment(), simulate=arguments.simulate)
atexit.register(studio.close)
demo = build(studio.runner, simulated=studio.simulated)

if __name__ == "__main__":
    launch(
        demo,
        videos=studio.videos,
        share=arguments.share or None,
        server_name=arguments.host,
        server_port=arguments.port,
    )
