"""The page, one file per part. It knows nothing of HTTP clients or SQL."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gradio.blocks import Block

if TYPE_CHECKING:
    from fastapi import FastAPI

    from vidu_demo.settings import Settings

Updates = dict[Block, Any]
"""Updates for the page: new values or properties, by widget."""


def mount(
    app: "FastAPI",
    path: str,
    *,
    settings: "Settings | None" = None,
    simulate: bool = False,
    root_path: str | None = None,
) -> "FastAPI":
    """Mount the page in another FastAPI app, with its jobs and its restrictions.

    Jobs are followed from now until the app's lifespan ends. Gradio's own `gr.mount_gradio_app`
    is not supported: it applies none of the restrictions.

    Args:
        app: The app.
        path: Where to mount the page, such as `/videos`.
        settings: The settings; by default, read from the environment.
        simulate: Use the simulator even if there is a key.
        root_path: The public path of the page, if a proxy strips part of it and the app's own
            `root_path` does not say so.

    Returns:
        The app.

    Raises:
        ValueError: An environment variable has a value of the wrong kind.
        DataInUse: Another run of the app is using the data folder.
        LedgerFailed: The ledger can't be opened.
    """
    from vidu_demo.ui import mounting  # noqa: PLC0415 - it imports this module

    return mounting.mount(app, path, settings=settings, simulate=simulate, root_path=root_path)


def file_url(path: Path) -> str:
    """Return the URL, relative to the page, of a file that the page can show."""
    return f"gradio_api/file={quote(str(path))}"
