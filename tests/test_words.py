"""The Chinese words: complete, nothing left over, and on the page in every state of a video."""

import ast
import copy
import html
import json
import pickle
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gradio_client import Client
from jinja2 import nodes
from page_fixtures import App, Visitor, until
from PIL import Image
from playwright.sync_api import expect

import vidu_demo
from vidu_demo.api.errors import TaskFailed
from vidu_demo.api.images import PictureTooLong, prepare
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.responses import refusal
from vidu_demo.api.text import Text
from vidu_demo.examples import EXAMPLES
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.simulator import Fault, Simulator
from vidu_demo.ui.form.ideas import CHIPS
from vidu_demo.ui.i18n.chinese import CHINESE
from vidu_demo.ui.i18n.words import named, speaker
from vidu_demo.ui.job import compare, history, status
from vidu_demo.ui.payer import Payer
from vidu_demo.ui.templates import ENVIRONMENT

PACKAGE = Path(vidu_demo.__file__).parent
ASIDE = {PACKAGE / "ui" / "i18n" / "chinese.py", *PACKAGE.glob("ui/guard/*.py")}
"""The table itself, and what speaks to programs and hosts by plain HTTP."""
PARTS = sorted({*PACKAGE.glob("ui/**/*.py")} - ASIDE)
TEMPLATES = sorted(PACKAGE.glob("ui/templates/*.html"))
UI = [*PARTS, *TEMPLATES]
BELOW = [
    file for room in ("api", "media", "jobs") for file in sorted((PACKAGE / room).rglob("*.py"))
]
"""The rooms whose sentences come onto the page."""

ENGLISH = {
    # For programs, which may send anything
    "Give the settings by their names.",
    "There is no setting called {}.",
    "{} can be {}; “{}” is none of them.",
    "{} must be text.",
    "{} is either on or off.",
    "{} can't be read.",
    "Give the pictures as a list.",
    "A picture can be a path, a URL, bytes or a Pillow image.",
    "Give the picture as a path, a link, a file's bytes or a PIL image.",
    "This is a link, which is sent as it is and not opened.",
    "This data link holds no readable picture. Upload the picture as a file.",
    "One click makes up to {} takes.",
    "The video is not ready {}.",
    "The task may still be running. Watch it again by its id.",
    "Make one video. Streams where the job stands and ends with the file.",
    "This job is not known here.",
    "Task {}.",
    # For the log, and for whoever starts the app
    "This file can't be read as a video.",
    "The settings can't be written into this video.",
    "The list of jobs can't be opened: {}.",
    "The list of jobs needs a file: in memory it would be lost.",
    "The list of jobs was made by a newer version of this app.",
    "The data folder can't be made: {}.",
    "VIDU_DATABASE_URL is not an SQLAlchemy URL.",
    "The database's driver is not installed: {}.",
}
"""Sentences that nobody sees on the page."""


# The table


def without_names(text: str) -> str:
    return re.sub(r"\{\w*\}", "{}", text)


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text in a file but the docstrings, with `{}` where something is written in."""
    parts = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as docstring):
                parts.add(docstring)
            case ast.JoinedStr(values=values):
                parts.update(values)
                yield "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in values)
            case ast.Constant(value=str(text)) if node not in parts:
                yield without_names(text)


def constants(template: nodes.Node) -> Iterator[str]:
    for node in template.find_all(nodes.Const):
        if isinstance(node.value, str):
            yield without_names(node.value)


def written(files: list[Path]) -> set[str]:
    found = set()
    for file in files:
        source = file.read_text()
        html = file.suffix == ".html"
        found |= {*(constants(ENVIRONMENT.parse(source)) if html else texts(ast.parse(source)))}
    return found


def sentences(files: list[Path]) -> set[str]:
    return {text for text in written(files) if " " in text and text.endswith(".")}


SAYING = ("I18N", "say", "Text")


def handed_over() -> set[str]:
    """Every text that is handed to `I18N`, `say` or `Text` as it stands."""
    found = set()
    for file in TEMPLATES:
        for call in ENVIRONMENT.parse(file.read_text()).find_all(nodes.Call):
            if getattr(call.node, "name", "") in SAYING:
                match call.args[0]:
                    case nodes.Const(value=text):
                        found.add(text)
                    case nodes.CondExpr(expr1=one, expr2=other):
                        found |= {one.value, other.value}
    for file in [*PARTS, *BELOW]:
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in SAYING:
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
        *CHIPS,
        *status.STEPS,
        *status._FAULTS.values(),
        *history._STATES.values(),
    }


def test_what_the_page_says_is_translated() -> None:
    assert len(handed_over()) > 100
    assert handed_over() | listed() <= set(CHINESE)


def test_sentences_from_below_are_translated() -> None:
    found = sentences([*UI, *BELOW])
    assert len(found) > 120
    phrases = {phrase for group in CHIPS.values() for phrase in group}  # they go into the prompt
    assert found - ENGLISH - phrases <= {without_names(text) for text in CHINESE}
    assert found >= ENGLISH


def test_no_translation_is_left_over() -> None:
    used = written([*UI, *BELOW]) | {without_names(text) for text in listed()}
    bare = {text: without_names(text) for text in CHINESE}
    # A sentence may be set before one that is there on its own.
    assert [t for t in bare if not {bare[t], bare[t].removeprefix("{} ")} & used] == []


def test_translations_keep_the_gaps_and_are_no_markup() -> None:
    def gaps(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for text, chinese in CHINESE.items():
        assert gaps(chinese) == gaps(text)
        assert html.escape(chinese) == chinese
        assert re.search("[\u4e00-\u9fff：]|^{length} /", chinese)


# Speaking


def test_the_browsers_first_language_decides() -> None:
    assert speaker("zh-CN,zh;q=0.9,en;q=0.8")("Done") == "已完成"
    assert speaker("de-DE,zh;q=0.5")("Done") == "Done"
    assert speaker("")("Done") == speaker("zh")("Done") == "Done"
    assert speaker("zh-TW")("Done") == "已完成"
    assert speaker("zh-CN")("no such text") == "no such text"


NO_MONEY = {"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "done", "metadata": {}}
FAILED = TaskFailed("task-1", "AuditFailed")
FILLED = {
    refusal(403, json.dumps(NO_MONEY)).what: (
        "密钥所属账户余额不足。接口返回：“NOT_ENOUGH_BALANCE: done”。"
    ),
    FAILED.what: "生成的视频没有通过内容审核。接口返回：“AuditFailed”。",
    FAILED.next_step: (
        "请修改提示词或图片后再试。Vidu 对失败的任务不计费；Novita 没有说明，请查看余额。"
    ),
    "The request was sent, but no answer came (ReadTimeout): "
    "a task may be running without its id.": (
        "请求已发送，但没有收到答复（ReadTimeout）：可能有任务正在运行，但没有拿到它的 ID。"
    ),
    "The request was sent, but the answer names no task (HTTP 502): "
    "a task may be running without its id.": (
        "请求已发送，但答复中没有任务 ID（HTTP 502）：可能有任务正在运行，但没有拿到它的 ID。"
    ),
    "Duration goes from 1 to 10; 12 is outside.": "时长的范围是 1 到 10，12 超出了范围。",
    Payer.READER.line: "视频由 Novita 上的 Vidu Q2 Pro 生成，费用记在你的密钥上。",
    Payer.HOST.line: "视频由 Novita 上的 Vidu Q2 Pro 生成，费用记在本应用的密钥上。",
    Payer.HOST.reminder: "费用记在本应用的密钥上。",
}


@pytest.mark.parametrize("text", FILLED)
def test_what_is_filled_in_is_translated_but_nobodys_own_words(text: str) -> None:
    assert speaker("zh-CN")(text) == FILLED[text]


def test_a_sentence_keeps_its_template_and_its_values() -> None:
    inner = Text("{seconds} s", seconds=5)
    text = Text("Usually done in {time} here.", time=inner)
    assert text == "Usually done in 5 s here."
    assert speaker("zh-CN")(text) == "在这里通常需要 5 秒。"
    assert type(speaker("en")(text)) is str
    own = Text("Charged to {key}.", key="Done {x} “%s”")  # words of the table, but somebody's own
    assert speaker("zh-CN")(own) == "费用记在Done {x} “%s”上。"
    assert speaker("zh-CN")(Text("No such {thing}", thing=inner)) == "No such 5 秒"
    for twin in (copy.copy(own), pickle.loads(pickle.dumps(own))):  # noqa: S301
        assert (twin, twin.template, twin.values) == (own, own.template, own.values)


@pytest.mark.parametrize(("size", "shape"), [((900, 100), "宽"), ((100, 900), "高")])
def test_picture_that_is_too_long(size: tuple[int, int], shape: str) -> None:
    with pytest.raises(PictureTooLong) as failed:
        prepare(Image.new("RGB", size))
    said = speaker("zh-CN")(f"Picture 2: {failed.value.what}")
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


# On the page

_SEEN = """() => {
  const apart = 'code, textarea, footer, #chips button, .cm-editor, .tab-wrapper, .prompt, .time';
  const seen = [];
  const walk = document.createTreeWalker(document.querySelector('gradio-app'), 4);
  while (walk.nextNode()) {
    const place = walk.currentNode.parentElement;
    if (place.checkVisibility() && !place.closest(apart)) seen.push(walk.currentNode.data);
  }
  const marked = ['#status *', '#history *', '#examples *', '#first-frame *'];
  for (const place of document.querySelectorAll(marked))
    for (const name of ['alt', 'title', 'data-sure', 'data-copied'])
      seen.push(place.getAttribute(name) || '');
  return seen;
}"""
"""Everything that can be read, but for what a person or a program has written."""

NAMES = re.compile("Vidu|Pro|Novita|NOVITA_API_KEY|NOT_ENOUGH_BALANCE|AI generated|ID")


def english(visitor: Visitor) -> list[str]:
    """What is English on the page, other than names."""
    return [
        text
        for text in visitor.page.evaluate(_SEEN)
        if re.search("[A-Za-z]{2}", NAMES.sub("", text))
    ]


def fold_all_out(visitor: Visitor) -> None:
    for fold in visitor.page.locator(".fold > button").all():
        fold.click()


def test_chinese_visitor_makes_a_video(
    visit: Callable[..., Visitor], api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor = visit(locale="zh-CN")
    fold_all_out(visitor)
    expect(visitor.button("请添加图片")).to_be_disabled()
    expect(visitor.page.locator("#price strong")).to_have_text("预估价 $0.275")
    expect(visitor.page.get_by_role("button", name="雨中的纸船")).to_be_visible()
    example = visitor.page.locator(".finished p").inner_text()
    until(lambda: english(visitor) == [example])  # some words are translated a moment later

    visitor.upload(pngs["red"], pngs["green"])
    expect(visitor.button("请输入提示词")).to_be_disabled()
    expect(visitor.page.get_by_text("所有图片都会发送，但能确定用到的只有第一张。")).to_be_visible()
    expect(visitor.page.locator("#first-frame")).to_have_text(
        "发送的首帧：320 × 240（4:3）。视频尺寸为 960 × 720。图片较小，视频会显得模糊。"
    )
    visitor.field("时长").fill("3")
    visitor.choice("540p").check()
    visitor.field("种子").fill("42")
    visitor.choice("水印").check()
    visitor.prompt.fill("镜头缓慢推近 [3 s]")
    visitor.button("生成视频").click()
    expect(visitor.headline).to_have_text(re.compile("^(已提交|排队中|生成中)"))
    expect(visitor.status.locator(".clock")).to_have_text(re.compile(r"^\d 秒$"))
    expect(visitor.page.locator("#history .facts")).to_contain_text(
        "3 秒 · 540p · 种子 42 · $0.075 · 进行中"
    )
    assert english(visitor) == []
    (body,) = api.submits[before:]
    assert body == {
        "images": [prepare(pngs[name]).data_uri for name in ("red", "green")],
        "prompt": "镜头缓慢推近 [3 s]",
        "duration": 3,
        "resolution": "540p",
        "seed": 42,
        "audio": False,
        "bgm": False,
        "movement_amplitude": "auto",
        "off_peak": False,
        "watermark": True,
    }
    expect(visitor.headline).to_have_text(re.compile(r"^已完成，用时 \d 秒$"))
    expect(visitor.page.locator("#history .facts")).to_contain_text("完成")
    assert english(visitor) == []

    api.faults["submit"] = [Fault(403, NO_MONEY)]
    visitor.choice("大").check()
    visitor.button("生成视频").click()
    expect(visitor.headline).to_have_text("未提交")
    expect(visitor.status).to_contain_text("密钥所属账户余额不足。")
    expect(visitor.status).to_contain_text("没有扣费。")
    assert api.submits[-1]["movement_amplitude"] == "high"
    visitor.page.locator("#history [data-do=open]").last.click()
    expect(visitor.headline).to_have_text(re.compile("^已完成"))
    assert english(visitor) == []


def test_other_chinese_is_read_as_one_too(visit: Callable[..., Visitor]) -> None:
    visitor = visit(locale="zh-TW")
    fold_all_out(visitor)
    expect(visitor.button("请添加图片")).to_be_disabled()
    example = visitor.page.locator(".finished p").inner_text()
    until(lambda: english(visitor) == [example])  # some words are translated a moment later


def test_everybody_else_reads_english(
    visit: Callable[..., Visitor], api: Simulator, pngs: dict[str, Path]
) -> None:
    def expect_no_marks(visitor: Visitor) -> None:
        shown = visitor.page.locator("gradio-app").inner_html()
        assert "__i18n__" not in shown
        assert "translation_metadata" not in shown

    for locale in ("en-US", "zh-HK", "de-DE"):
        visitor = visit(locale=locale)
        fold_all_out(visitor)
        for words in ("Pictures", "Takes", "one for each picture", "Background music.", "Watch"):
            expect(visitor.page.get_by_text(words, exact=True).first).to_be_visible()
        expect(visitor.choice("auto")).to_be_checked()
        expect(visitor.headline).to_have_text("An example")
        expect_no_marks(visitor)
    visitor.choice("540p").check()
    visitor.start(pngs["red"], pngs["green"], prompt="Slow push-in [3 s]")
    expect(visitor.status.locator(".clock")).to_have_text(re.compile(r"^\d s$"))
    expect_no_marks(visitor)
    expect(visitor.headline).to_have_text(re.compile("^Done in"))
    expect_no_marks(visitor)
    api.faults["submit"] = [Fault(403, NO_MONEY)]
    visitor.choice("high").check()
    visitor.make.click()
    expect(visitor.headline).to_have_text("Not submitted")
    assert api.submits[-1]["movement_amplitude"] == "high"
    expect_no_marks(visitor)


def test_programs_read_plain_english(app: App) -> None:
    client = Client(app.url, analytics_enabled=False, verbose=False)
    described = client.view_api(return_format="dict", print_info=False)
    client.close()
    parameters = described["named_endpoints"]["/generate"]["parameters"]
    titles = [VideoRequest.describe(field)["title"] for field in VideoRequest.model_fields]
    assert [parameter["label"] for parameter in parameters] == [
        "Pictures",
        "Picture URLs",
        *titles[1:],
    ]
