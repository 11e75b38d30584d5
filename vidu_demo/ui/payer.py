"""Who pays for a video, from the reader's point of view."""

from enum import StrEnum

from vidu_demo.api.text import Text
from vidu_demo.jobs.job import Payer


class WhoseKey(StrEnum):
    """Whose key pays; nobody's in the simulator."""

    NOBODY = "nobody"
    READER = "your key"
    HOST = "the host's key"
    VISITOR = "your own key"

    @classmethod
    def of(cls, payer: Payer, *, local: bool) -> "WhoseKey":
        """Tell whose key it is. Anyone who opens the page on the app's own machine is its host."""
        match payer:
            case Payer.SIMULATOR:
                return cls.NOBODY
            case Payer.VISITOR:
                return cls.VISITOR
        return cls.READER if local else cls.HOST

    @property
    def line(self) -> str:
        """Who makes the videos and who pays, in one line."""
        if self is WhoseKey.NOBODY:
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
        if self is WhoseKey.NOBODY:
            return "Simulated: nothing is charged."
        return Text("Charged to {key}.", key=Text(self.value))
