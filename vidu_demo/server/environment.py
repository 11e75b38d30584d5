"""Checks the environment variables that Gradio reads on import."""

import os
import sys

from vidu_demo.api.errors import ViduError
from vidu_demo.server.listening import FIRST_PORT, PORTS, number
from vidu_demo.server.proxies import spare_loopback


def check() -> None:
    """Exit with a sentence if Gradio would fail with a traceback."""
    try:
        spare_loopback(os.environ)
        for variable, default in (("GRADIO_SERVER_PORT", FIRST_PORT), ("GRADIO_NUM_PORTS", PORTS)):
            # An empty variable counts as not set, but not for Gradio.
            os.environ[variable] = str(number(variable, default))
    except ViduError as error:
        sys.exit(str(error))
