"""The id of a task is found in any answer, and never invented."""

import html
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidu_demo.api.limits import MAX_TASK_ID
from vidu_demo.api.task_ids import find_task_id, mentions_id

ID = "5f207579-0a75-4f13-a854-d9b50a6ab73b"
BODY = json.dumps({"task_id": ID})
PAGE = f"<html><pre>{html.escape(BODY)}</pre></html>"


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        BODY + "\n<!-- served by edge 7 -->",
        f"while(1);{BODY}",
        f"callback({BODY});",
        BODY + BODY,
        PAGE,
        f"<script>var answer = {BODY}</script>",
        f"{{'task_id': '{ID}'}}",
        f'{{"data": {{"result": [{{"task_id": "{ID}"}}]}}}}',
        f'{{"error": {{"code": 429, "details": {{"task_id" : "{ID}"}}}}}}',
        json.dumps({"message": f"created: {BODY}"}),
        json.dumps({"message": json.dumps({"message": BODY})}),
        f'{{"task_id": "{ID}", "task_id": null}}',
        f'{{"task_id": "", "task_id": "{ID}"}}',
        f'{{"task_id": "{ID}", "images": ["https://a.b/c',
        f'{{"task_id": " {ID} "}}',
        f'{{"task_id": "{ID}"}}'.replace("_", "\\u005f"),
        f'{{"data": {{"task_id": "another"}}, "task_id": "{ID}"}}',
        f"Too many requests, but task_id={ID} was made",
        f"task_id: {ID}\n",
        f"<r><task_id>{ID}</task_id></r>",
        "<r><task_id>abc</task_id></r>".replace("abc", ID),
        f"<html><b>task_id</b>: <code>{ID}</code></html>",
        f"<tr><td>Task ID</td><td>{ID}</td></tr>",
        f'<task id="{ID}"/>',
        f'<script>x={{task_id:"{ID}"}}</script>',
        f'{{"task\\u005fid":"{ID}"}} trailing',
        json.dumps({"message": f'{{"task\\u005fid":"{ID}"}}'}),
        f'\0\0{{"task_id":"{ID}"}}\0',
        f'{{"task_id": ["{ID}"]}}',
        f'{{"task_ids": ["{ID}"]}};',
        f'{{"taskId": "{ID}"}}',
        f'{{"TASK_ID": "{ID}"}}',
        f'{{"task-id": "{ID}"}}',
    ],
)
def test_an_id_is_found_whatever_stands_around_it(text: str) -> None:
    assert find_task_id(text) == ID


@pytest.mark.parametrize(
    "text", ['{"task_id": 77}', '{"task_id": 77', '{"task_id": 77, ', 'x {"task_id":77}']
)
def test_an_id_may_be_a_number_that_has_come_whole(text: str) -> None:
    assert find_task_id(text) == (None if text.endswith("77") else "77")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        '{"task_id": null}',
        '{"task_id": true}',
        '{"task_id": 1.5}',
        '{"task_id": ""}',
        '{"task_id": "  "}',
        '{"task_id": {}}',
        '{"task_id": "must not be empty"}',
        f'{{"task_id": "{"x" * (MAX_TASK_ID + 1)}"}}',
        BODY[:-2],
        BODY[:-10],
        '{"id": "abc"}',
        '{"other_task_id": "abc"}',
        "the task_id was abc",
        "task_id: required",
        "task_id: must not be empty",
        "task_id=null ",
        "task_id=5f2075",
        '{"task_ids": ["abc", "def"]}',
        '{"task_ids": ["abc", "def"]};',
        "[" * 100_000,
        "9" * 10_000,
    ],
)
def test_what_is_no_id_is_none(text: str) -> None:
    assert find_task_id(text) is None


REQUESTS = [
    f"a cat {BODY} runs",
    BODY,
    json.dumps(BODY),
    f'"task_id": "{ID}',
    f"task_id: {ID}",
    '"task_id": "a&b"',
    html.escape(BODY),
    '{"task_id": 4711}',
]


MENTIONS = [
    *(BODY, BODY[:-2], '{"task_id": null}', '{"other_task_id": "abc"}', "the task_id was abc"),
    *("task_id: T1", "Task ID T1", "taskID", "TASK-ID", "task ids: a, b", "<task_id>", "task.id"),
    *('{"task\\u005fid', '{"task": {"id": "abc"}}', "t\0a\0s\0k\0_\0i\0d", "task&#95;id"),
]


@pytest.mark.parametrize("text", MENTIONS)
def test_an_id_that_cannot_be_read_is_still_mentioned(text: str) -> None:
    assert mentions_id(text)
    assert mentions_id(text, {"prompt": "a cat", "images": ["https://a.b/c"]})
    assert mentions_id(json.dumps({"message": text}), {"prompt": "another task_id: 5"})


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "<h1>nope</h1>", "too many requests"),
        *("TASK_NOT_FOUND", "CREATE_TASK_FAILED", "TASK_FAILED", "TaskPromptPolicyViolation"),
    ],
)
def test_not_every_task_is_an_id(text: str) -> None:
    assert not mentions_id(json.dumps({"reason": text, "id": "abc", "request_id": "7"}))


@pytest.mark.parametrize("prompt", ["a cat holds up its task_id", "a task-id on\na é\\u00e9 sign"])
def test_an_echo_is_no_mention(prompt: str) -> None:
    request = {"images": ["https://a.b/c?task_id=9"], "prompt": prompt}
    for echo in (
        f"not allowed: {prompt}",
        json.dumps({"message": json.dumps(request)}),
        f"<html>{html.escape(json.dumps(request))}</html>",
    ):
        assert not mentions_id(echo, request), echo
        assert mentions_id(echo + ' {"task_id": "half', request), echo


def test_an_id_in_a_header() -> None:
    assert find_task_id("", headers={"X-Task-Id": ID}) == ID
    assert find_task_id("", headers={"Vary": "Task-Id"}) is None
    assert mentions_id("", headers={"X-Task-Id": ""})
    assert not mentions_id("", headers={"Access-Control-Expose-Headers": "X-Task-Id"})


@pytest.mark.parametrize("prompt", REQUESTS)
def test_an_echo_of_the_request_is_no_receipt(prompt: str) -> None:
    request = {"images": ["https://a.b/c?task_id=9"], "prompt": prompt, "duration": 5}
    for echo in (
        json.dumps({"reason": "ILLEGAL_PROMPT", "message": f"not allowed: {prompt}"}),
        json.dumps({"reason": "INVALID_REQUEST_BODY", "request": request}),
        json.dumps({"message": json.dumps(request)}),
        json.dumps({"message": f"not allowed: {prompt[: len(prompt) * 3 // 4]}"}),
        f"<html>{html.escape(prompt)}</html>",
        f"<html>{html.escape(json.dumps(request))}</html>",
        f"not allowed: {prompt}",
    ):
        assert find_task_id(echo, request) is None, echo


def test_a_receipt_beside_an_echo_is_found() -> None:
    request = {"prompt": '{"task_id": "mine"}'}
    assert find_task_id(json.dumps({"request": request, "task_id": ID}), request) == ID
    assert find_task_id(json.dumps({"request": request, "task_id": ID}) + ";", request) == ID


def test_an_id_in_the_address_that_an_answer_leads_to() -> None:
    where = f"https://api.example/v3/async/task-result?a=b&task_id={ID}"
    assert find_task_id("", None, where) == ID
    assert find_task_id('{"task_id": "x"}', None, where) == "x"
    assert find_task_id("", None, "/task_id/7?task_id=") is None


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(BODY),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("task_id"), inner),
    max_leaves=8,
)


@given(any_json, st.text(), st.text(), any_json)
def test_any_answer_can_be_searched(body: Any, before: str, behind: str, request: Any) -> None:
    found = find_task_id(before + json.dumps(body) + behind, request)
    assert found is None or (found and not any(letter.isspace() for letter in found))
