import json
from typing import Any

import pytest

from vidu_demo.api import errors, refusals
from vidu_demo.api.errors import Charged, Problem, RequestInvalid, ViduError, redact
from vidu_demo.api.refusals import (
    MEANINGS,
    AccountNotAllowed,
    ApiRefused,
    BalanceTooLow,
    KeyRejected,
    NotFound,
    PictureBlocked,
    PictureRejected,
    PromptBlocked,
    RequestRejected,
    ServiceFailed,
    TaskFailed,
    TooFast,
    VideoBlocked,
    meaning_of,
)
from vidu_demo.api.responses import read_error_body, refusal

TABLE: dict[type[ApiRefused], str] = {
    KeyRejected: "INVALID_API_KEY FAILED_TO_AUTH MISSING_API_KEY BILLING_AUTH_FAILED",
    BalanceTooLow: "NOT_ENOUGH_BALANCE BILLING_BALANCE_NOT_ENOUGH",
    AccountNotAllowed: "NEED_REAL_NAME_VERIFY FEATURE_NOT_ALLOWED API_NOT_ALLOWED ACCESS_DENY",
    PromptBlocked: "ILLEGAL_PROMPT TaskPromptPolicyViolation AuditSubmitIllegal",
    PictureBlocked: "ILLEGAL_IMAGE_CONTENT PhotoAuditNotPass",
    VideoBlocked: "CreationPolicyViolation AuditFailed",
    PictureRejected: "INVALID_IMAGE_FORMAT INVALID_IMAGE_SIZE IMAGE_FILE_EXCEEDS_MAX_SIZE "
    "IMAGE_EXCEEDS_MAX_RESOLUTION ImageFormatInvalid ImageSizeInvalid",
    RequestRejected: "INVALID_REQUEST_BODY",
    TooFast: "RATE_LIMIT_EXCEEDED TooManyRequests SystemThrottling",
    NotFound: "TASK_NOT_FOUND API_NOT_FOUND",
    ServiceFailed: "BILLING_FAILED CREATE_TASK_FAILED GET_RESULT_FAILED TASK_FAILED "
    "SERVICE_NOT_AVAILABLE",
}
REASONS = [(reason, meaning) for meaning, codes in TABLE.items() for reason in codes.split()]


def flat(reason: str, message: str = "words") -> str:
    return json.dumps({"code": 400, "reason": reason, "message": message, "metadata": {}})


def nested(reason: Any, message: str = "words") -> str:
    return json.dumps({"error": {"code": reason, "message": message}})


@pytest.mark.parametrize("status", [400, 401, 403, 418, 429, 500])
@pytest.mark.parametrize(("reason", "meaning"), REASONS)
def test_the_reason_decides_before_the_status(
    reason: str, meaning: type[ApiRefused], status: int
) -> None:
    for body in (flat(reason), nested(reason), nested(400, f"{reason}: words")):
        error = refusal(status, body)
        assert type(error) is meaning
        assert reason in error.what
        assert "words" in error.what


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (400, RequestRejected),
        (401, KeyRejected),
        (402, BalanceTooLow),
        (403, ApiRefused),
        (407, ApiRefused),
        (404, NotFound),
        (408, ServiceFailed),
        (413, PictureRejected),
        (415, PictureRejected),
        (418, ApiRefused),
        (422, RequestRejected),
        (429, TooFast),
        (500, ServiceFailed),
        (502, ServiceFailed),
        (503, ServiceFailed),
        (504, ServiceFailed),
        (520, ServiceFailed),
        (529, ServiceFailed),
    ],
)
@pytest.mark.parametrize(
    "body", ["", "<html>502</html>", "null", "[]", "{}", "5", '"x"', "[" * 99999]
)
def test_the_status_decides_where_no_reason_is_given(
    status: int, meaning: type[ApiRefused], body: str
) -> None:
    error = refusal(status, body)
    assert type(error) is meaning
    assert "html" not in str(error)


@pytest.mark.parametrize("status", [403, 407])
def test_what_stands_between_is_not_taken_for_the_api(status: int) -> None:
    error = refusal(status, "<html><h1>Blocked by your organisation</h1></html>")
    assert "firewall" in error.what
    assert "account" not in str(error)
    assert error.charged is Charged.NO
    assert "NOVITA_BASE_URL" in error.next_step
    assert "send it" not in str(refusal(status, "<html>", task_id="t-1"))
    said = refusal(403, '{"message": "forbidden"}')
    assert type(said) is AccountNotAllowed


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (flat("A", "b"), ("A", "b")),
        (nested("A", "b"), ("A", "b")),
        ('{"error": "b"}', ("", "b")),
        ('{"message": "b"}', ("", "b")),
        ('{"code": 5}', ("5", "")),
        ('{"reason": null, "message": ["b"], "code": 5}', ("5", "")),
        ('{"message": "\\ud83d"}', ("", "?")),
        ('{"task_id": "x"}', None),
        ("", None),
    ],
)
def test_every_shape_of_an_error_is_read(body: str, read: tuple[str, str] | None) -> None:
    assert read_error_body(body) == read


def test_the_table_is_complete() -> None:
    assert set(TABLE) == set(MEANINGS)
    assert {reason for reason, _ in REASONS} == {r for m in MEANINGS for r in m.reasons}


def everything(base: type[ViduError] = ViduError) -> list[type[ViduError]]:
    return [base, *(found for child in base.__subclasses__() for found in everything(child))]


def test_every_meaning_has_its_own_words() -> None:
    own = [ViduError, ApiRefused, *MEANINGS]
    assert len({kind.what for kind in own}) == len(own)
    assert len({kind.next_step for kind in own}) == len(own)


MADE = [
    RequestInvalid(Problem("prompt", "Write a prompt.")),
    errors.PictureInvalid("This picture is empty."),
    errors.KeyMissing(),
    errors.ApiUnreachable(),
    errors.SubmitOutcomeUnknown(),
    *(meaning() for meaning in (ApiRefused, *MEANINGS)),
    TaskFailed("t-1", "AuditFailed"),
    errors.StillRunning("t-1", 60),
    errors.ContactLost("t-1", 12, "The API was silent."),
    errors.StatusUnknown("t-1", "PAUSED", 30),
    errors.VideoMissing(task_id="t-1"),
    errors.DownloadFailed(task_id="t-1"),
    errors.LinkExpired(task_id="t-1"),
    errors.LinkRefused(task_id="t-1"),
]


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_every_error_says_what_and_whether_it_was_charged_and_what_next(error: ViduError) -> None:
    assert error.what.endswith(".")
    assert error.next_step.endswith(".")
    assert str(error).startswith(f"{error.what} {error.charged.sentence} {error.next_step}")
    assert (error.task_id == "t-1") is ("Task t-1." in str(error))


def test_every_error_is_looked_at() -> None:
    homes = (errors.__name__, refusals.__name__)
    own = {kind for kind in everything() if kind.__module__ in homes}
    assert {type(error) for error in MADE} == own - {ViduError}


def test_what_is_charged() -> None:
    charged = {type(error): error.charged for error in MADE}
    assert charged[errors.SubmitOutcomeUnknown] is Charged.UNKNOWN
    assert charged[errors.DownloadFailed] is charged[errors.LinkExpired] is Charged.YES
    for kind in (RequestInvalid, errors.KeyMissing, errors.ApiUnreachable):
        assert charged[kind] is Charged.NO
    for kind in (TaskFailed, errors.StillRunning, errors.ContactLost, errors.VideoMissing):
        assert charged[kind] is Charged.UNKNOWN
    assert refusal(400, flat("ILLEGAL_PROMPT")).charged is Charged.NO
    assert refusal(500, flat("BILLING_FAILED")).charged is Charged.UNKNOWN
    assert refusal(400, flat("AuditFailed")).charged is Charged.UNKNOWN  # there was a video


@pytest.mark.parametrize("meaning", MEANINGS)
def test_a_refused_request_never_suggests_to_send_again(meaning: type[ApiRefused]) -> None:
    error = refusal(400, flat(min(meaning.reasons)), task_id="t-1")
    assert error.charged is Charged.UNKNOWN
    assert "send it" not in str(error)
    assert "Nothing runs" not in str(error)
    assert "Task t-1." in str(error)


LINK = "https://cos.example.com/v.mp4?q-sign-time=1%3B2&q-signature=5ecre7"


@pytest.mark.parametrize(
    "text",
    [
        f"see {LINK} for more",
        f'{{"url": "{LINK}"}}',
        LINK.upper().replace("5ECRE7", "5ecre7"),
        "Authorization: Bearer 5ecre7",
        '{"Authorization": "bearer 5ecre7"}',
    ],
)
def test_links_and_tokens_are_cut_everywhere(text: str) -> None:
    assert "5ecre7" not in redact(text)
    for error in (
        ViduError(text, reason=text),
        refusal(400, flat(text, text)),
        refusal(400, nested(text, text), task_id="t-1"),
        TaskFailed("t-1", text),
        errors.StatusUnknown("t-1", text, 30),
        errors.ContactLost("t-1", 12, text),
    ):
        assert "5ecre7" not in f"{error} {error!r} {error.what} {error.reason} {error.args}"


def test_what_stays_of_a_link() -> None:
    assert redact(f"a {LINK} b") == "a https://cos.example.com/v.mp4?… b"
    assert redact("no links here? none") == "no links here? none"


def test_a_key_that_the_answer_repeats_is_not_passed_on() -> None:
    body = '{"reason": "no \\u0073k-5ecre7", "message": "key sk-5ecre7 is wrong"}'
    error = refusal(400, body, secret="sk-5ecre7")  # noqa: S106
    assert "5ecre7" not in f"{error} {error!r} {error.reason}"
    assert "[key]" in error.what


def test_a_key_that_looks_like_json_spoils_nothing() -> None:
    error = refusal(403, flat("NOT_ENOUGH_BALANCE"), secret="reason")  # noqa: S106
    assert type(error) is BalanceTooLow


def test_a_message_of_any_length_stays_readable() -> None:
    assert len(str(refusal(400, flat("X", "long " * 10_000)))) < 700


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("TaskPromptPolicyViolation", "The content check refused the prompt."),
        ("PhotoAuditNotPass", "The content check refused the picture."),
        ("CreationPolicyViolation: x", "The content check refused the finished video."),
        ("TASK_FAILED", "The task failed at the vendor. It said “TASK_FAILED”."),
        ("boom", "The task failed at the vendor. It said “boom”."),
        ("", "The task failed at the vendor. No reason was given."),
    ],
)
def test_a_failed_task_says_why(reason: str, said: str) -> None:
    error = TaskFailed("t-1", reason)
    assert error.what.startswith(said)
    assert error.meaning is meaning_of(reason)
    assert error.reason == reason
    assert "check the balance" in error.next_step
