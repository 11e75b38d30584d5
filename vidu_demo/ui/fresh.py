"""What the page need not be told: that what is hidden is hidden.

For each such update, Gradio's script goes through the whole page.
"""

from collections.abc import Collection, Mapping
from typing import Any

from gradio.blocks import Block

from vidu_demo.ui import Updates


def changes(updates: Mapping[Block, Any], visible: Collection[int] | None = None) -> Updates:
    """Drop what some updates say of visibility that is so already.

    Args:
        updates: The updates.
        visible: The ids of the components that are visible among these; by default, what they were
            when the page was made.
    """
    return {block: _change(update, block, visible) for block, update in updates.items()}


def visible(updates: Mapping[Block, Any]) -> list[int]:
    """List the ids of the components that some updates show."""
    return [block._id for block, update in updates.items() if _shows(update)]


def _shows(update: Any) -> bool | None:
    """Tell whether an update shows or hides a component; None if it does neither."""
    return update.get("visible") if isinstance(update, dict) and "__type__" in update else None


def _change(update: Any, block: Block, visible: Collection[int] | None) -> Any:
    shown = block.visible if visible is None else block._id in visible
    if _shows(update) is not shown:
        return update
    return {name: value for name, value in update.items() if name != "visible"}
