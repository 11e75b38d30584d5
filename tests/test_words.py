"""The Chinese words: complete, nothing left over, and filled in as they should be."""

import ast
import copy
import html
import json
import pickle
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2 import nodes
from PIL import Image

import vidu_demo
from vidu_demo.api.errors import ContactLost, RequestInvalid
from vidu_demo.api.images import PictureTooLong, prepare
from vidu_demo.api.refusals import TaskFailed
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.responses import refusal
from vidu_demo.api.submit import _lost
from vidu_demo.api.text import Text
from vidu_demo.examples import EXAMPLES
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.ui.form.phrases import CHIPS
from vidu_demo.ui.i18n.chinese import CHINESE
from vidu_demo.ui.i18n.words import named, speaker
from vidu_demo.ui.job import compare, history, status
from vidu_demo.ui.payer import WhoseKey
from vidu_demo.ui.templates import ENVIRONMENT

PACKAGE = Path(vidu_demo.__file__).parent
ASIDE = {
    PACKAGE / "ui" / "i18n" / "chinese.py",
    PACKAGE / "ui" / "endpoints.py",
    *PACKAGE.glob("ui/guard/*.py"),
}
"""The table itself, and what speaks to programs and hosts by plain HTTP."""
PARTS = sorted({*PACKAGE.glob("ui/**/*.py")} - ASIDE)
TEMPLATES = sorted(PACKAGE.glob("ui/templates/*.html"))
UI = [*PARTS, *TEMPLATES]
BELOW = [
    file for room in ("api", "media", "jobs") for file in sorted((PACKAGE / room).rglob("*.py"))
]
"""The rooms whose sentences come onto the page."""

ENGLISH = {
    # For programs, which can send anything
    "Give the settings by their names.",
    "A picture can be a path, a URL, bytes or a Pillow image.",
    "Give the picture as a path, a link, a file's bytes or a PIL image.",
    "This is a link, which is sent as it is and not opened.",
    "This data link holds no readable picture. Upload the picture as a file.",
    "One click makes up to {most} takes.",
    "Give the values of {name} as a list.",
    "A contact sheet needs at least one still.",
    "The video is not ready yet.",
    "The video is not ready after {seconds} s.",
    "The task may still be running. Watch it again by its id.",
    "This app doesn't know this job.",
    "it was interrupted",
    # For the log, and for the person who starts the app
    "This file can't be read as a video.",
    "The settings can't be written into this video.",
    "{} can spend up to {} a day with your key: {} each, {} per click, {} videos at once.",
    "Only this machine can reach the app, so only the limits that you set apply.",
    "The packages for MCP are missing.",
    'Run `pip install "gradio[mcp]"`, or leave out --mcp.',
    "MCP tools can't sign in.",
    "Leave out --mcp, or unset the sign-in.",
    "The list of jobs can't be opened: {why}.",
    "The list of jobs needs a file: in memory it would be lost.",
    "The list of jobs was made by a newer version of this app.",
    "The data folder can't be made: {why}.",
    "VIDU_DATABASE_URL is not an SQLAlchemy URL.",
    "The database's driver is not installed: {name}.",
    "Sign in first.",
    "VIDU_SIGN_IN=huggingface works only on a Hugging Face Space with `hf_oauth: true`.",
    "Add that to the front matter of the Space's README, or set VIDU_PASSWORD instead.",
    "The package for signing in with Hugging Face is missing.",
    'Run `pip install "gradio[oauth]"`.',
    "{} The environment lacks {}.",
}
"""Sentences that nobody sees on the page."""
NO_SENTENCES = {"{}.", "Task {}."}
"""What a program reads of a state and a task."""


# The table


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text in a file but the docstrings, with `{}` where an f-string has something in it."""
    parts = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as docstring):
                parts.add(docstring)
            case ast.JoinedStr(values=values):
                parts.update(values)
                yield "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in values)
            case ast.Constant(value=str(text)) if node not in parts:
                yield text


def constants(template: nodes.Node) -> Iterator[str]:
    for node in template.find_all(nodes.Const):
        if isinstance(node.value, str):
            yield node.value


def written(files: list[Path]) -> set[str]:
    found = set()
    for file in files:
        source = file.read_text()
        html = file.suffix == ".html"
        found |= {*(constants(ENVIRONMENT.parse(source)) if html else texts(ast.parse(source)))}
    return found


def sentences(files: list[Path]) -> set[str]:
    return {text for text in written(files) if " " in text and text.endswith(".")}


SAYING = ("I18N", "say", "Text", "own")


def calls() -> Iterator[ast.Call]:
    """Every call that hands a text over to be said."""
    for file in [*PARTS, *BELOW]:
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in SAYING:
                yield call


def handed_over() -> set[str]:
    """Every text that is handed to `I18N`, `say`, `Text` or `own` as it stands."""
    found = set()
    for file in TEMPLATES:
        for call in ENVIRONMENT.parse(file.read_text()).find_all(nodes.Call):
            if getattr(call.node, "name", "") in SAYING:
                match call.args[0]:
                    case nodes.Const(value=text):
                        found.add(text)
                    case nodes.CondExpr(expr1=one, expr2=other):
                        found |= {one.value, other.value}
    for call in calls():
        text = call.args[0]
        choices = [text.body, text.orelse] if isinstance(text, ast.IfExp) else [text]
        found |= {node.value for node in choices if isinstance(node, ast.Constant)}
    return found


def listed() -> set[str]:
    """Every text that comes onto the page out of a list."""
    fields = [VideoRequest.describe(field) for field in VideoRequest.model_fields]
    return {
        *(field[key] for field in fields for key in ("title", "description")),
        *(f"{field['ask']}." for field in fields if "ask" in field),
        *(named(option) for option in VideoRequest.describe("movement_amplitude")["enum"]),
        *(example.name for example in EXAMPLES),
        *(example.settings["prompt"] for example in EXAMPLES),
        *CHIPS,
        *(phrase for phrases in CHIPS.values() for phrase in phrases),
        *status.STEPS,
        *status._FAULTS.values(),
        *history._STATES.values(),
    }


def test_what_the_page_says_is_translated() -> None:
    assert len(handed_over()) > 150
    assert (handed_over() | listed()) - ENGLISH <= set(CHINESE)


def test_sentences_from_below_are_translated() -> None:
    """One that an f-string makes is in no table, and is found here too."""
    found = sentences([*UI, *BELOW])
    assert len(found) > 120
    assert found - ENGLISH - NO_SENTENCES <= set(CHINESE)
    assert found | handed_over() >= ENGLISH


def test_every_template_gets_its_values() -> None:
    filled = [
        (call.args[0].value, {value.arg for value in call.keywords})
        for call in calls()
        if call.func.id == "Text" and isinstance(call.args[0], ast.Constant)
    ]
    assert len(filled) > 60
    assert [template for template, values in filled if gaps(template) != values] == []


def test_no_translation_is_left_over() -> None:
    assert set(CHINESE) - written([*UI, *BELOW]) - listed() == set()


def test_translations_keep_the_gaps_and_are_no_markup() -> None:
    for text, chinese in CHINESE.items():
        assert gaps(chinese) == gaps(text)
        assert html.escape(chinese) == chinese
        assert re.search("[\u4e00-\u9fff：]|^{length} /|^{before}{after}$", chinese)


# Speaking


def test_the_browsers_first_language_decides() -> None:
    assert speaker("zh-CN,zh;q=0.9,en;q=0.8")("Done") == "已完成"
    assert speaker("de-DE,zh;q=0.5")("Done") == "Done"
    assert speaker("")("Done") == speaker("zh")("Done") == "Done"
    assert speaker("zh-TW")("Done") == "已完成"
    assert speaker("zh-CN")("no such text") == "no such text"


NO_MONEY = {"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "done", "metadata": {}}
FAILED = TaskFailed("task-1", "AuditFailed")


def refused(**fields: Any) -> RequestInvalid:
    with pytest.raises(RequestInvalid) as failed:
        VideoRequest(images=["https://example.com/a.png"], **fields)
    return failed.value


FILLED = {
    refusal(403, json.dumps(NO_MONEY)).what: (
        "密钥所属账户余额不足。接口返回：“NOT_ENOUGH_BALANCE: done”。"
    ),
    FAILED.what: "生成的视频没有通过内容审核。接口返回：“AuditFailed”。",
    FAILED.next_step: (
        "请修改提示词或图片后再试。Vidu 对失败的任务不计费；Novita 没有说明，请查看余额。"
    ),
    _lost(Text("no answer came ({why})", why="ReadTimeout")).what: (
        "请求已发送，但没有收到答复（ReadTimeout）：可能有任务正在运行，但没有拿到它的 ID。"
    ),
    _lost(Text("the answer names no task (HTTP {status})", status=502)).what: (
        "请求已发送，但答复中没有任务 ID（HTTP 502）：可能有任务正在运行，但没有拿到它的 ID。"
    ),
    refused(prompt="x", duration=12).what: "时长的范围是 1 到 10，12 超出了范围。",
    refused(prompt="", seed="Done").what: "请输入提示词。种子必须是整数。",
    ContactLost("t-1", 12, refusal(500, "").what).what: (
        "接口连续 12 次没有给出可用的答复。最近一次：接口自身出了故障。"
    ),
    WhoseKey.READER.line: "视频由 Novita 上的 Vidu Q2 Pro 生成，费用记在你的密钥上。",
    WhoseKey.HOST.line: "视频由 Novita 上的 Vidu Q2 Pro 生成，费用记在本应用的密钥上。",
    WhoseKey.HOST.reminder: "费用记在本应用的密钥上。",
}


@pytest.mark.parametrize("text", FILLED)
def test_what_is_filled_in_is_translated_but_nobodys_own_words(text: str) -> None:
    assert speaker("zh-CN")(text) == FILLED[text]


def test_a_sentence_keeps_its_template_and_its_values() -> None:
    inner = Text("{seconds} s", seconds=5)
    text = Text("Usually takes {time} here.", time=inner)
    assert text == "Usually takes 5 s here."
    assert speaker("zh-CN")(text) == "在这里通常需要 5 秒。"
    assert type(speaker("en")(text)) is str
    own = Text("Charged to {key}.", key="Done {x} “%s”")  # words of the table, but somebody's own
    assert speaker("zh-CN")(own) == "费用记在Done {x} “%s”上。"
    assert speaker("zh-CN")(Text("No such {thing}", thing=inner)) == "No such 5 秒"
    assert speaker("zh-CN")("Usually done in 5 s here.") == "Usually done in 5 s here."
    assert speaker("zh-CN")(Text("{x} as it stands")) == "{x} as it stands"
    for twin in (copy.copy(own), pickle.loads(pickle.dumps(own))):  # noqa: S301
        assert (twin, twin.template, twin.values) == (own, own.template, own.values)


@pytest.mark.parametrize(("size", "shape"), [((900, 100), "宽"), ((100, 900), "高")])
def test_picture_that_is_too_long(size: tuple[int, int], shape: str) -> None:
    with pytest.raises(PictureTooLong) as failed:
        prepare(Image.new("RGB", size))
    said = speaker("zh-CN")(Text("Picture {number}: {text}", number=2, text=failed.value.what))
    assert said.startswith(f"图片 2：这张图片太{shape}：{size[0]} × {size[1]} 像素")


def test_side_by_side() -> None:
    job = Job(
        id="1" * 32,
        idempotency_key="click",
        fingerprint="f" * 64,
        owner="o" * 64,
        backend="https://api.example.com",
        request=dict(VideoRequest(images=["x.png"], prompt="推近。", seed=7)),
        state=JobState.DONE,
        created=1.0,
        submitted=1.0,
        finished=70.0,
        facts={"audio": True},
    )
    others = {"audio": True, "movement_amplitude": "high", "duration": 3, "prompt": "Done"}
    other = replace(job, request={**job.request, **others}, finished=35.0)
    shown = compare.render(job, other, lambda _: "", None, speaker("zh-CN"))
    found = compare.differences(job, other, None, speaker("zh-CN"))
    assert found == [
        ("图片", "未知", "未知"),
        ("提示词", "推近。", "Done"),
        ("时长", "5 秒", "3 秒"),
        ("声音", "关", "开"),
        ("运动幅度", "自动", "大"),
        ("预估价", "$0.275", "$0.25"),
        ("用时", "1 分 9 秒", "34 秒"),
    ]
    assert set(re.findall("[A-Za-z]{2,}", re.sub("<[^>]*>", " ", shown))) == {"Done"}
