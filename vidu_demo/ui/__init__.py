"""The page, one file a part."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gradio.blocks import Block

if TYPE_CHECKING:
    from fastapi import FastAPI

    from vidu_demo.settings import Settings

Updates = dict[Block, Any]
"""What a part has to say to the page: a new value, or new properties, of some of its widgets."""


def mount(
    app: "FastAPI",
    path: str,
    *,
    settings: "Settings | None" = None,
    simulate: bool = False,
    root_path: str | None = None,
) -> "FastAPI":
    """Mount the page in another FastAPI app, with everything that it needs and closes.

    The jobs are followed from here on, and until the app's lifespan ends. Gradio's own call,
    `gr.mount_gradio_app`, is not supported: it leaves open what is closed here.

    Args:
        app: The app.
        path: Where the page is to be, such as `/videos`.
        settings: The environment; by default it is read.
        simulate: Use the simulator even if there is a key.
        root_path: The public path of the page, where a proxy cuts off a part of it and
            the app itself has not been told by its own `root_path`.

    Returns:
        The app.

    Raises:
        ValueError: An environment variable has a value of the wrong kind.
        DataInUse: Another run of the app has the data folder.
        LedgerFailed: The ledger can't be opened.
    """
    from vidu_demo.ui import mounting  # noqa: PLC0415 - it needs this module's other names

    return mounting.mount(app, path, settings=settings, simulate=simulate, root_path=root_path)


def file_url(path: Path) -> str:
    """Give the address of a file that the page may show, relative to the page."""
    return f"gradio_api/file={quote(str(path))}"
