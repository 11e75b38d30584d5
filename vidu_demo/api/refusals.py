"""What the vendor's codes mean: why a request was turned away, or why a task failed.

This is the only place where they become meanings (collected 2026-11; see `meaning_of`).
"""

import re
from typing import ClassVar

from vidu_demo.api.errors import Charged, ViduError
from vidu_demo.api.text import Text, joined


class ApiRefused(ViduError):
    """The API turned the request away.

    Attributes:
        reasons: The vendor's codes that mean this.
        statuses: The HTTP statuses that mean this where no code is given.
        retry_after: Seconds the API asked to wait, where it did.
    """

    reasons: ClassVar[frozenset[str]] = frozenset()
    statuses: ClassVar[frozenset[int]] = frozenset()
    what = "The API turned the request away."
    next_step = "Nothing runs. The reason given may say what to change."
    retry_after: float | None = None


class KeyRejected(ApiRefused):
    """The key is wrong or missing."""

    reasons = frozenset(
        {"INVALID_API_KEY", "FAILED_TO_AUTH", "MISSING_API_KEY", "BILLING_AUTH_FAILED"}
    )
    statuses = frozenset({401})
    what = "The API did not accept the key."
    next_step = "Check NOVITA_API_KEY and start the app again."


class BalanceTooLow(ApiRefused):
    """The account has too little money."""

    reasons = frozenset({"NOT_ENOUGH_BALANCE", "BILLING_BALANCE_NOT_ENOUGH"})
    statuses = frozenset({402})
    what = "The account behind the key has too little balance."
    next_step = "Top it up at Novita, or choose a shorter or smaller video."


class AccountNotAllowed(ApiRefused):
    """The account may not use this model yet."""

    reasons = frozenset(
        {"NEED_REAL_NAME_VERIFY", "FEATURE_NOT_ALLOWED", "API_NOT_ALLOWED", "ACCESS_DENY"}
    )
    statuses = frozenset({403})
    what = "The account behind the key may not use this model."
    next_step = "Check in the Novita console whether it must be verified or the model switched on."


class PromptBlocked(ApiRefused):
    """The vendor's content check blocked the prompt."""

    reasons = frozenset({"ILLEGAL_PROMPT", "TaskPromptPolicyViolation", "AuditSubmitIllegal"})
    what = "The content check refused the prompt."
    next_step = "Change the wording: sending the same again can get the account suspended."


class PictureBlocked(ApiRefused):
    """The vendor's content check blocked a picture."""

    reasons = frozenset({"ILLEGAL_IMAGE_CONTENT", "PhotoAuditNotPass"})
    what = "The content check refused the picture."
    next_step = "Use another picture: sending the same again can get the account suspended."


class VideoBlocked(ApiRefused):
    """The vendor's content check blocked the finished video."""

    reasons = frozenset({"CreationPolicyViolation", "AuditFailed"})
    what = "The content check refused the finished video."
    next_step = "Change the prompt or the picture before you try another."


class PictureRejected(ApiRefused):
    """The API did not take a picture as it is."""

    reasons = frozenset(
        {
            "INVALID_IMAGE_FORMAT",
            "INVALID_IMAGE_SIZE",
            "IMAGE_FILE_EXCEEDS_MAX_SIZE",
            "IMAGE_EXCEEDS_MAX_RESOLUTION",
            "ImageFormatInvalid",
            "ImageSizeInvalid",
        }
    )
    statuses = frozenset({413, 415})
    what = "The API could not use the picture."
    next_step = "Try a smaller JPEG or PNG, or give the picture as a public URL."


class RequestRejected(ApiRefused):
    """The API did not take the request as it is."""

    reasons = frozenset({"INVALID_REQUEST_BODY"})
    statuses = frozenset({400, 422})
    what = "The API found something wrong in the request."
    next_step = "Check the settings. If the picture was uploaded, a public URL may work instead."


class TooFast(ApiRefused):
    """Too many requests in a short time."""

    reasons = frozenset({"RATE_LIMIT_EXCEEDED", "TooManyRequests", "SystemThrottling"})
    statuses = frozenset({429})
    what = "The API is taking no more requests for the moment."
    next_step = "Wait a minute, then send it again."


class NotFound(ApiRefused):
    """The API knows no such task or address."""

    reasons = frozenset({"TASK_NOT_FOUND", "API_NOT_FOUND"})
    statuses = frozenset({404, 410})
    what = "The API knows no such task or address."
    next_step = "Check the task's id, the key it was started with, and NOVITA_BASE_URL."


class ServiceFailed(ApiRefused):
    """The API failed on its own side."""

    reasons = frozenset(
        {
            "BILLING_FAILED",
            "CREATE_TASK_FAILED",
            "GET_RESULT_FAILED",
            "TASK_FAILED",
            "SERVICE_NOT_AVAILABLE",
        }
    )
    statuses = frozenset({408, 425, *range(500, 600)})
    what = "The API had an internal error."
    next_step = "Your request is not the cause. Give it some time."


MEANINGS: tuple[type[ApiRefused], ...] = tuple(ApiRefused.__subclasses__())


def meaning_of(reason: str, http_status: int | None = None) -> type[ApiRefused]:
    """Find what a vendor's reason means: by its code first, by the HTTP status second.

    Args:
        reason: A code such as `NOT_ENOUGH_BALANCE`, or a sentence that holds one.
        http_status: The status the answer came with, if it came as an HTTP error.
    """
    words = set(re.findall(r"\w+", reason))
    for meaning in MEANINGS:
        if words & meaning.reasons:
            return meaning
    for meaning in MEANINGS:
        if http_status in meaning.statuses:
            return meaning
    return ApiRefused


class TaskFailed(ViduError):
    """The task ended without a video.

    Attributes:
        meaning: The refusal that the vendor's reason stands for, where it is a known one.
    """

    what = "The task failed at the vendor."
    charged = Charged.UNKNOWN
    next_step = "Vidu does not charge for failed tasks. Novita does not say, so check the balance."

    def __init__(self, task_id: str, reason: str) -> None:
        self.meaning = meaning_of(reason)
        known = self.meaning not in (ApiRefused, ServiceFailed)
        what = Text(self.meaning.what if known else type(self).what)
        super().__init__(
            Text("{text} It said “{said}”.", text=what, said=reason[:300])
            if reason
            else Text("{text} No reason was given.", text=what),
            next_step=joined([self.meaning.next_step, type(self).next_step]) if known else None,
            task_id=task_id,
            reason=reason,
        )
