"""What a page that has just been loaded need not be told: that what is hidden is hidden.

For each such update, Gradio's script goes through the whole page.
"""

from collections.abc import Mapping
from typing import Any

from gradio.blocks import Block

from vidu_demo.ui import Updates


def changes(updates: Mapping[Block, Any]) -> Updates:
    """Leave out of some updates the visibility that their components were made with."""
    return {block: _without(update, block) for block, update in updates.items()}


def _without(update: Any, block: Block) -> Any:
    if not (isinstance(update, dict) and update.get("__type__") == "update"):
        return update
    if update.get("visible") is not getattr(block, "visible", None):
        return update
    return {name: value for name, value in update.items() if name != "visible"}
