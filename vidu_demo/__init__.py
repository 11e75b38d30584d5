"""A playground for the video model Vidu Q2 Pro, and the small client under it."""

from vidu_demo.client import ViduClient
from vidu_demo.errors import SubmitOutcomeUnknown, TaskFailed, ViduError
from vidu_demo.request import VideoRequest
from vidu_demo.task import Task, TaskStatus

__all__ = [
    "SubmitOutcomeUnknown",
    "Task",
    "TaskFailed",
    "TaskStatus",
    "VideoRequest",
    "ViduClient",
    "ViduError",
]
