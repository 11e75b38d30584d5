"""The page in the visitor's language, in every state of a video."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import refusing
from gradio_client import Client
from page_fixtures import App, Visitor, until
from playwright.sync_api import expect
from starlette.requests import HTTPConnection

from vidu_demo.api.images import prepare
from vidu_demo.api.request import VideoRequest
from vidu_demo.simulator import Simulator
from vidu_demo.ui.i18n.words import LANGUAGE_COOKIE, words_for

pytestmark = pytest.mark.usefixtures("small_videos")

_SEEN = """() => {
  const apart = 'code, textarea, .cm-editor, .tab-wrapper, .prompt, .time';
  const seen = [];
  const walk = document.createTreeWalker(document.querySelector('gradio-app'), 4);
  while (walk.nextNode()) {
    const place = walk.currentNode.parentElement;
    if (place.checkVisibility() && !place.closest(apart)) seen.push(walk.currentNode.data);
  }
  const marked = ['#status *', '#details *', '#history *', '#pictures *'];
  for (const place of document.querySelectorAll(marked))
    for (const name of ['alt', 'title', 'aria-label', 'data-sure', 'data-copied'])
      seen.push(place.getAttribute(name) || '');
  return seen;
}"""
"""Everything that can be read, but for what a person or a program has written."""


NAMES = re.compile("Vidu|Pro|Novita|NOVITA_API_KEY|NOT_ENOUGH_BALANCE|AI generated|JSON|ID|English")


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
    expect(visitor.button("请添加图片")).to_be_enabled()
    expect(visitor.page.locator("#price strong")).to_have_text("预估价 $0.275")
    expect(visitor.page.get_by_role("button", name="雨中的纸船")).to_be_visible()
    until(lambda: english(visitor) == [])  # some words are translated a moment later

    visitor.upload(pngs["red"], pngs["green"])
    expect(visitor.button("请输入提示词")).to_be_enabled()
    expect(visitor.page.get_by_text("所有图片都会发送，但能确定用到的只有第一张。")).to_be_visible()
    expect(visitor.tile.locator("figcaption")).to_have_text(
        "发送的首帧：320 × 240（4:3）。视频尺寸为 960 × 720。图片较小，视频会显得模糊。"
    )
    visitor.field("时长").fill("3")
    visitor.choice("540p").check()
    visitor.field("种子").fill("42")
    visitor.choice("水印").check()
    visitor.prompt.fill("镜头缓慢推近 [3 s]")
    visitor.make.click()
    expect(visitor.headline).to_have_text(re.compile("^(已提交|排队中|生成中)"))
    expect(visitor.status.locator(".clock")).to_have_text(re.compile(r"^\d 秒$"))
    expect(visitor.rows.locator(".facts")).to_have_text("$0.075 · 3 秒 · 540p · 种子 42")
    expect(visitor.rows.locator(".state")).to_have_text("进行中")
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
    expect(visitor.headline).to_have_text(re.compile(r"^已完成，用时 \d+ 秒$"))
    expect(visitor.rows.locator(".state")).to_have_text("已完成")
    assert english(visitor) == []

    api.faults["submit"] = [refusing(403, "NOT_ENOUGH_BALANCE", "done")]
    visitor.choice("大").check()
    visitor.make.click()
    expect(visitor.headline).to_have_text("未提交")
    expect(visitor.status).to_contain_text("密钥所属账户余额不足。")
    expect(visitor.status).to_contain_text("没有扣费。")
    assert api.submits[-1]["movement_amplitude"] == "high"
    visitor.page.locator("#history [data-do=open]").last.click()
    expect(visitor.headline).to_have_text(re.compile("^已完成"))
    assert english(visitor) == []


def test_other_chinese_is_read_as_one_too_and_has_its_prompts(
    visit: Callable[..., Visitor],
) -> None:
    visitor = visit(locale="zh-TW")
    fold_all_out(visitor)
    expect(visitor.button("请添加图片")).to_be_enabled()
    until(lambda: english(visitor) == [])  # some words are translated a moment later
    visitor.page.get_by_role("button", name="抬头的猫").click()
    expect(visitor.prompt).to_have_value(re.compile("^猫转过头"))
    expect(visitor.button("镜头缓慢推近。")).to_have_attribute("aria-pressed", "true")
    visitor.button("镜头缓慢推近。").click()
    expect(visitor.prompt).not_to_have_value(re.compile("镜头缓慢推近"))
    visitor.prompt.fill("A cat. Slow orbit.")
    expect(visitor.button("镜头缓慢环绕。")).to_have_attribute("aria-pressed", "true")


def expect_no_marks(visitor: Visitor) -> None:
    marks, place = ("__i18n__", "translation_metadata"), visitor.page.locator("gradio-app")
    # Some words are translated a moment later.
    until(lambda: not any(mark in place.inner_html() for mark in marks))


def expect_english(visitor: Visitor) -> None:
    fold_all_out(visitor)
    for words in (
        "Start with a picture",
        "Takes",
        "one per picture",
        "Background music.",
        "Answers",
    ):
        expect(visitor.page.get_by_text(words, exact=True).first).to_be_visible()
    expect(visitor.choice("auto")).to_be_checked()
    expect(visitor.headline).to_have_text("An example")
    expect_no_marks(visitor)


def test_everybody_else_reads_english(
    visit: Callable[..., Visitor], api: Simulator, pngs: dict[str, Path]
) -> None:
    visitor = visit(locale="zh-HK")
    expect_english(visitor)
    visitor.choice("540p").check()
    visitor.start(pngs["red"], pngs["green"], prompt="Slow push-in [3 s]")
    expect(visitor.status.locator(".clock")).to_have_text(re.compile(r"^\d s$"))
    expect_no_marks(visitor)
    expect(visitor.headline).to_have_text(re.compile("^Done in"))
    expect_no_marks(visitor)
    api.faults["submit"] = [refusing(403, "NOT_ENOUGH_BALANCE", "done")]
    visitor.choice("high").check()
    visitor.make.click()
    expect(visitor.headline).to_have_text("Not submitted")
    assert api.submits[-1]["movement_amplitude"] == "high"
    expect_no_marks(visitor)


def test_language_can_be_switched_and_is_remembered(visit: Callable[..., Visitor]) -> None:
    visitor = visit(locale="en-US")
    expect_english(visitor)
    visitor.prompt.fill("Slow push-in.")
    expect(visitor.page.locator("#counter")).to_contain_text("13 of")
    visitor.button("中文").click()
    expect(visitor.button("请添加图片")).to_be_enabled()
    expect(visitor.prompt).to_have_value("Slow push-in.")
    fold_all_out(visitor)
    until(lambda: english(visitor) == [])  # some words are translated a moment later

    visitor.page = visitor.open()
    expect(visitor.button("请添加图片")).to_be_enabled()
    visitor.button("English").click()
    expect(visitor.button("Add a picture")).to_be_enabled()
    expect(visitor.button("中文")).to_be_visible()
    assert visitor.broken == []


def test_a_link_can_name_another_language(visit: Callable[..., Visitor]) -> None:
    visitor = visit(locale="de-DE")
    expect_english(visitor)
    for lang, words in (("zh", "请添加图片"), ("en", "Add a picture"), ("fr", "Add a picture")):
        visitor.page.goto(f"{visitor.url}?lang={lang}")
        expect(visitor.button(words)).to_be_enabled()
        expect(visitor.page).to_have_url(visitor.url)


@pytest.mark.parametrize(
    ("cookie", "said"), [("zh-CN", "已完成"), ("en", "Done"), ("fr", "已完成"), ("", "已完成")]
)
def test_only_a_language_of_the_page_is_taken_from_a_cookie(cookie: str, said: str) -> None:
    headers = {"accept-language": "zh-CN", "cookie": f"{LANGUAGE_COOKIE}={cookie}"}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert words_for(HTTPConnection({"type": "http", "headers": raw}))("Done") == said


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
