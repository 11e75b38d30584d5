"""The app: settings, studio, page, launch. `demo` is what `gradio app.py` and Spaces look for."""

import argparse
import logging
import sys

import gradio as gr

from vidu_demo.errors import ViduError
from vidu_demo.settings import Settings
from vidu_demo.studio import Studio
from vidu_demo.ui.launch import launch
from vidu_demo.ui.page import build
from vidu_demo.ui.payer import Payer


def read_arguments() -> argparse.Namespace:
    """Read the command line; for an import, take the defaults."""
    parser = argparse.ArgumentParser(description="A playground for the video model Vidu Q2 Pro.")
    parser.add_argument("--share", action="store_true", help="also serve it under a public link")
    parser.add_argument("--host", help="address to listen on; 0.0.0.0 for the whole network")
    parser.add_argument("--port", type=int, help="port to listen on; by default the first free one")
    parser.add_argument(
        "--simulate", action="store_true", help="use the simulator even if there is a key"
    )
    return parser.parse_args(None if __name__ == "__main__" else [])


if gr.NO_RELOAD:  # a hot reload builds the page anew, over the same running jobs
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("vidu_demo").setLevel(logging.INFO)
    arguments = read_arguments()
    try:
        studio = Studio(Settings.from_environment(), simulate=arguments.simulate)
    except (ValueError, ViduError) as error:
        sys.exit(str(error))

demo = build(
    studio.runner,
    simulated=studio.simulated,
    secret=studio.secret,
    budget=studio.settings.budget_per_day,
)

if __name__ == "__main__" and gr.NO_RELOAD:
    print((Payer.NOBODY if studio.simulated else Payer.READER).line)
    if arguments.share and not studio.simulated:
        print("Whoever has the public link can make videos, and this app's key pays for them.")
    try:
        launch(
            demo,
            videos=studio.videos,
            share=arguments.share or None,
            server_name=arguments.host,
            server_port=arguments.port,
        )
    finally:
        studio.close()
