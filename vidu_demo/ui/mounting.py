"""Mounts the page in another FastAPI app."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import Any

import gradio as gr
from fastapi import FastAPI, Request
from gradio.routes import App
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from vidu_demo.server.proxies import spare_loopback
from vidu_demo.settings import Settings
from vidu_demo.studio import Studio
from vidu_demo.ui.guard.door import Door
from vidu_demo.ui.guard.front import Front, doubt_server, gate, known_hosts
from vidu_demo.ui.guard.sessions import SharedSession
from vidu_demo.ui.launch import page_options, prepare
from vidu_demo.ui.page import build


def mount(
    app: FastAPI,
    path: str,
    *,
    settings: Settings | None = None,
    simulate: bool = False,
    root_path: str | None = None,
) -> FastAPI:
    """Mount the page. See `vidu_demo.ui.mount`."""
    settings = settings or Settings.from_environment()
    spare_loopback(os.environ)
    studio = Studio(settings, simulate=simulate)
    studio.use_public_defaults()  # who can reach the app is not known here
    demo = build(studio.runner, **studio.page_options)
    prepare(demo)
    inner = FastAPI(openapi_url=None, routes=[*demo.routes])
    options = page_options(studio.videos)
    gr.mount_gradio_app(inner, demo, "/", mcp_server=False, **options)
    door = Door(loopback=False, allowed=known_hosts(settings.hosts))
    path = path.rstrip("/")
    if path:
        app.add_api_route(path, _with_slash, include_in_schema=False)
    front = Front(door, settings.proxies, settings.ancestors, gate(studio))
    served = front.wrap(inner, lambda: demo)

    (page,) = (
        route.app
        for route in inner.routes
        if isinstance(route, Mount) and isinstance(route.app, App)
    )
    page.state_holder = SharedSession()
    page.state_holder.set_blocks(demo)

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        # A proxy may have stripped the prefix that is in the root path. Gradio builds the URLs
        # of videos only from its own app's root path.
        here, base = scope["root_path"], scope.get("app_root_path", "")
        cut = here if scope["path"].startswith(here) else here.removeprefix(base)
        page.root_path = public = here if root_path is None else root_path.rstrip("/")
        below = scope["path"].removeprefix(cut)
        if not settings.proxies:
            scope = doubt_server(scope)
        await served({**scope, "root_path": public, "path": public + below}, receive, send)

    app.mount(path, inside)
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        try:
            async with outer(app) as state, inner.router.lifespan_context(inner):
                yield state
        finally:
            studio.close()

    app.router.lifespan_context = lifespan
    return app


def _with_slash(request: Request) -> Response:
    """Redirect to the URL with a trailing slash, since the page's own URLs are relative to it.

    The redirect is relative too, so it is right whatever prefix a proxy strips.
    """
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{PurePosixPath(request.url.path).name}/{query}")
