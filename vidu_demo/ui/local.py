"""Whether a request comes from this machine or from elsewhere."""

import re
from collections.abc import Iterable

import gradio as gr
from gradio.utils import colab_check, is_hosted_notebook

from vidu_demo.server.hosts import Host

_FORWARDING = re.compile(
    r"via|.*(forwarded|client-?ip|real-(ip|port)|user-ip|coming-from).*|x-scheme"
    r"|(x-original|x-envoy|x-amzn|x-azure|x-appengine|x-vercel|cf|cdn|fastly|fly|ngrok|tailscale)-.*"
)
"""Headers that proxies are known to add, by name or prefix."""


def is_local(demo: gr.Blocks, request: gr.Request) -> bool:
    """Tell whether a request can only come from the machine that the app runs on.

    The app must listen on loopback only, have no share link and not run in a hosted notebook. The
    request must be for a loopback name and have no header from a proxy. A mounted page never counts
    as local: we can't know what is in front of it.

    Args:
        demo: The page, launched or mounted.
        request: The request that its handler was given.
    """
    host = Host.read(request.headers.get("host", ""))
    return (
        _alone(demo)
        and host is not None
        and host.loopback
        and not forwarded(request.headers.keys())
    )


def forwarded(headers: Iterable[str]) -> bool:
    """Tell whether any of these headers was added by a proxy."""
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
