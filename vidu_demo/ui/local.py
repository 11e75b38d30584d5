"""Whether somebody at this machine asks, or whoever may have reached the app from elsewhere."""

import re
from collections.abc import Iterable

import gradio as gr
from gradio.utils import colab_check, is_hosted_notebook

from vidu_demo.server.hosts import Host

_FORWARDING = re.compile(
    r"via|.*(forwarded|client-?ip|real-(ip|port)|user-ip|coming-from).*|x-scheme"
    r"|(x-original|x-envoy|x-amzn|x-azure|x-appengine|x-vercel|cf|cdn|fastly|fly|ngrok|tailscale)-.*"
)
"""Headers that proxies add, by the names and families they are known to use."""


def is_local(demo: gr.Blocks, request: gr.Request) -> bool:
    """Tell whether a request can only come from the machine that the app runs on.

    That takes an app that listens on loopback alone, has no share link and runs in no hosted
    notebook, and a request to a name of loopback's that no proxy says it has passed on. A mounted
    page never counts as local: what stands in front of it is not known here.

    Args:
        demo: The page, launched or mounted.
        request: What its handler was given.
    """
    host = Host.read(request.headers.get("host", ""))
    return (
        _alone(demo)
        and host is not None
        and host.loopback
        and not forwarded(request.headers.keys())
    )


def forwarded(headers: Iterable[str]) -> bool:
    """Tell whether a header is there, of those that proxies add."""
    return any(_FORWARDING.fullmatch(name.lower().replace("_", "-")) for name in headers)


def _alone(demo: gr.Blocks) -> bool:
    return (
        Host(getattr(demo, "server_name", "").strip("[]")).loopback
        and demo.custom_mount_path is None
        and not demo.share
        and not demo.share_url
        and not colab_check()
        and not is_hosted_notebook()
    )
