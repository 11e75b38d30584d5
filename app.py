"""The app: settings, studio, page, launch. `gradio app.py` and Spaces look for `demo`."""

import argparse
import gc
import logging
import sys

gc.disable()  # imports make no garbage, and looking for it takes a quarter of their time

from vidu_demo.server import environment

environment.check()  # before importing Gradio, whose own errors don't say what is wrong

import gradio as gr
from gradio.utils import ipython_check

from vidu_demo.api.errors import ViduError
from vidu_demo.settings import Settings
from vidu_demo.studio import Studio
from vidu_demo.ui.page import build
from vidu_demo.ui.payer import WhoseKey
from vidu_demo.ui.serve import close_earlier, serve

gc.freeze()  # later searches, which stop all threads, leave out what stays anyway
gc.enable()


def read_arguments() -> argparse.Namespace:
    """Read the command line, ignoring a notebook's own arguments; use the defaults on import."""
    parser = argparse.ArgumentParser(description="A playground for the video model Vidu Q2 Pro.")
    parser.add_argument("--share", action="store_true", help="also serve it under a public link")
    parser.add_argument("--host", help="address to listen on; 0.0.0.0 for the whole network")
    parser.add_argument("--port", type=int, help="port to listen on; by default the first free one")
    parser.add_argument("--simulate", action="store_true", help="simulate even if there is a key")
    parser.add_argument("--mcp", action="store_true", help="also serve its endpoints as MCP tools")
    given = sys.argv[1:] if __name__ == "__main__" else []
    return parser.parse_known_args(given)[0] if ipython_check() else parser.parse_args(given)


if gr.NO_RELOAD:  # a hot reload rebuilds the page but keeps the running jobs
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("vidu_demo").setLevel(logging.INFO)
    arguments = read_arguments()
    close_earlier()
    try:
        settings = Settings.from_environment()
        studio = Studio(settings, simulate=arguments.simulate)
    except (ValueError, ViduError) as error:
        sys.exit(str(error))

demo = build(studio.runner, **studio.page_options)

if __name__ == "__main__" and gr.NO_RELOAD:
    print((WhoseKey.NOBODY if studio.simulated else WhoseKey.READER).line)
    options = {"share": arguments.share, "host": arguments.host, "tools": arguments.mcp}
    try:
        serve(demo, studio, server_port=arguments.port, **options)
    except ViduError as error:
        sys.exit(str(error))
