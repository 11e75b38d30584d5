"""Who pays for a video: nobody on the simulator, else the owner of the app's key."""

from enum import StrEnum

import gradio as gr

from vidu_demo.api.text import Text
from vidu_demo.ui.local import is_local


class Payer(StrEnum):
    """Whose the key is, to the person who reads it."""

    NOBODY = "nobody"
    READER = "your key"
    HOST = "the host's key"

    @classmethod
    def of(cls, demo: gr.Blocks, request: gr.Request, *, simulated: bool) -> "Payer":
        """Tell who pays. Whoever opens the page on the app's own machine is taken for its host."""
        if simulated:
            return cls.NOBODY
        return cls.READER if is_local(demo, request) else cls.HOST

    @property
    def line(self) -> str:
        """Where videos come from and who pays, in one line."""
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
        """Who pays, beside a price."""
        if self is Payer.NOBODY:
            return "Simulated: nothing is charged."
        return Text("Charged to {key}.", key=Text(self.value))
