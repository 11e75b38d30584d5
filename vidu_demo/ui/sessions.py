"""Gradio's sessions: all pages share one, since nothing is kept in it.

A tab sends along with every event whatever it knows. A session of its own would only hold a copy
of every widget's properties, and putting that together takes longer than most events.
"""

from gradio.blocks import Blocks
from gradio.state_holder import SessionState, StateHolder


class SharedSession(StateHolder):
    """Gives everybody the same session. The page may have no `gr.State`."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def set_blocks(self, blocks: Blocks) -> None:
        """Begin the session of a page."""
        super().set_blocks(blocks)
        self._session = SessionState(blocks)

    def __getitem__(self, session_id: str) -> SessionState:
        return self._session
