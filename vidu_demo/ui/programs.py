"""What programs are told about the endpoints, and the page that tells it, at `programs`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import gradio as gr
from gradio.route_utils import get_root_url
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text, joined, own
from vidu_demo.ui import templates
from vidu_demo.ui.browser.own_key import KEY_HEADER
from vidu_demo.ui.i18n.words import marked, words_for

ABOUT = {
    "submit": "Starts a video, which costs money unless it is simulated, and returns at once; then "
    "ask /task. With variations it starts several, and the answer lists them as videos.",
    "task": "Returns a job's status and, once it is done, its video. Free.",
    "estimate": "Says what videos would cost, who pays, and whether they can be bought now. Free.",
    "generate": "Makes one video: streams its status, then returns the file.",
}
"""What each endpoint does."""
HELP = {
    "images": "Uploaded picture files.",
    "image_urls": "Public picture URLs, one per line.",
    "idempotency_key": "A random text of your own, 16 to 128 characters, such as a UUID. The same "
    "key never buys twice, so send a lost call again with its key. It also names the job for "
    "/task, so keep it to yourself.",
    "variations": Text(
        "What differs between several videos, as JSON: a number of takes from 1 to 4, or an object "
        "such as {example}, with lists of prompts, duration, resolution, audio or "
        "movement_amplitude, two at most; with each_picture, every picture makes its own videos, "
        "each with its own prompt from prompts. All combinations are made, up to 12 videos.",
        example='{"takes": 2, "duration": [3, 5]}',
    ),
    "job": "The job that /submit returned, also for one of several videos.",
}
"""The parameters that are no fields of a request."""


def describe(name: str) -> str:
    """Describe a parameter."""
    if name in HELP:
        return HELP[name]
    about = VideoRequest.describe(name)
    said = [Text("{title}.", title=own(about["title"])), about["description"]]
    if "maximum" in about:
        said.append(Text("{low} to {high}.", low=about["minimum"], high=about["maximum"]))
    if "enum" in about:
        said.append(Text("One of {choices}.", choices=", ".join(about["enum"])))
    return joined(said)


def program(url: str) -> str:
    """Write a program that makes a video with the app at an address."""
    return Path(__file__).with_name("program.py.txt").read_text("utf-8").replace("§url", url)


def link() -> gr.HTML:
    """Make the foot of the page, which leads to the endpoints."""
    return gr.HTML(templates.render("foot.html", say=marked), elem_id="foot", padding=False)


def route(parameters: Mapping[str, Sequence[str]], demo: gr.Blocks, *, takes_keys: bool) -> Route:
    """Make the route of the page about the endpoints.

    Args:
        parameters: The names of each endpoint's parameters.
        demo: The page, once it is launched or mounted.
        takes_keys: True if a program can pay with a key of its own.
    """

    def page(request: Request) -> Response:
        say = words_for(request)
        url = get_root_url(request, "/programs", request.scope.get("root_path"))
        html = templates.render(
            "programs.html",
            program=program(url),
            url=url,
            about=ABOUT,
            parameters=parameters,
            fields={name: describe(name) for names in parameters.values() for name in names},
            defaults=VideoRequest.DEFAULTS,
            key_header=KEY_HEADER if takes_keys else "",
            tools=demo.mcp_server,
            say=say,
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    return Route("/programs", page)
