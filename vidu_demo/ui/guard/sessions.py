"""Gradio's sessions: all pages share one, since nothing is stored in it.

A tab sends all its state with every event. A session of its own would only hold a copy of every
widget's properties, and making that copy takes longer than most events.
"""

from gradio.blocks import Blocks
from gradio.state_holder import SessionState, StateHolder


class SharedSession(StateHolder):
    """Gives every page the same session, so the page must not use `gr.State`."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def set_blocks(self, blocks: Blocks) -> None:
        """Start the session of a page."""
        super().set_blocks(blocks)
        self._session = SessionState(blocks)

    def __getitem__(self, session_id: str) -> SessionState:
        return self._session
