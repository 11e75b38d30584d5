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
    from vidu_demo.media.clip import last_frame
    from vidu_demo.media.joining.process import join_videos

__all__ = [
    "SubmitOutcomeUnknown",
    "Task",
    "TaskFailed",
    "TaskStatus",
    "Variations",
    "VideoRequest",
    "ViduClient",
    "ViduError",
    "join_videos",
    "last_frame",
]

_HOMES = {
    "SubmitOutcomeUnknown": "api.errors",
    "Task": "api.task",
    "TaskFailed": "api.refusals",
    "TaskStatus": "api.task",
    "Variations": "api.variations",
    "VideoRequest": "api.request",
    "ViduClient": "api.client",
    "ViduError": "api.errors",
    "join_videos": "media.joining.process",
    "last_frame": "media.clip",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first used: a worker process needs none of them, and starts often."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return __all__
