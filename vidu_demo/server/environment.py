"""Checks what Gradio reads from the environment when it is imported."""

import os
import sys

from vidu_demo.api.errors import ViduError
from vidu_demo.server.listening import FIRST_PORT, PORTS, number
from vidu_demo.server.proxies import spare_loopback


def check() -> None:
    """End the process with a sentence where Gradio would end it with a traceback."""
    try:
        spare_loopback(os.environ)
        for variable, default in (("GRADIO_SERVER_PORT", FIRST_PORT), ("GRADIO_NUM_PORTS", PORTS)):
            # An empty one counts as not set, but not to Gradio.
            os.environ[variable] = str(number(variable, default))
    except ViduError as error:
        sys.exit(str(error))
