"""Who pays for a video: nobody in the simulator, otherwise the owner of the app's key."""

from enum import StrEnum

import gradio as gr

from vidu_demo.api.text import Text
from vidu_demo.ui.local import is_local


class Payer(StrEnum):
    """Whose key pays, from the reader's point of view."""

    NOBODY = "nobody"
    READER = "your key"
    HOST = "the host's key"

    @classmethod
    def of(
        cls, demo: gr.Blocks, request: gr.Request, *, simulated: bool, proxied: bool = False
    ) -> "Payer":
        """Tell who pays. Anyone who opens the page on the app's own machine counts as its host."""
        if simulated:
            return cls.NOBODY
        return cls.READER if not proxied and is_local(demo, request) else cls.HOST

    @property
    def line(self) -> str:
        """Who makes the videos and who pays, in one line."""
        if self is Payer.NOBODY:
            return (
                "Simulated: videos are made on this machine, no model is used and nothing is "
                "charged."
            )
        return Text(
            "Videos are made by Vidu Q2 Pro at Novita and charged to {key}.", key=Text(self.value)
        )

    @property
    def reminder(self) -> str:
        """Who pays, to show next to a price."""
        if self is Payer.NOBODY:
            return "Simulated: nothing is charged."
        return Text("Charged to {key}.", key=Text(self.value))
