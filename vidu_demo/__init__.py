"""A playground for the video model Vidu Q2 Pro, and the small client under it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidu_demo.api.client import ViduClient
    from vidu_demo.api.errors import SubmitOutcomeUnknown, ViduError
    from vidu_demo.api.refusals import TaskFailed
    from vidu_demo.api.request import VideoRequest
    from vidu_demo.api.task import Task, TaskStatus
    from vidu_demo.api.variations import Variations

__all__ = [
    "SubmitOutcomeUnknown",
    "Task",
    "TaskFailed",
    "TaskStatus",
    "Variations",
    "VideoRequest",
    "ViduClient",
    "ViduError",
]

_HOMES = {
    "SubmitOutcomeUnknown": "errors",
    "Task": "task",
    "TaskFailed": "refusals",
    "TaskStatus": "task",
    "Variations": "variations",
    "VideoRequest": "request",
    "ViduClient": "client",
    "ViduError": "errors",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first used: a worker process needs none of them, and starts often."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.api.{_HOMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return __all__
