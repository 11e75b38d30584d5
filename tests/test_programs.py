"""The page about the endpoints, which stands where Gradio would show its own."""

from contextlib import closing
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_fixtures import App, Visitor
from playwright.sync_api import Browser, expect

from vidu_demo.api.request import VideoRequest
from vidu_demo.settings import ROOT
from vidu_demo.ui.programs import ABOUT, HELP, program


def test_it_tells_all_endpoints_and_parameters(visitor: Visitor, app: App) -> None:
    expect(visitor.page.locator("footer, .show-api")).to_have_count(0)
    with visitor.context.expect_page() as opened:
        visitor.page.locator("#foot a").click()
    page = opened.value
    expect(page).to_have_url(f"{app.url}programs")
    expect(page.locator("h1")).to_have_text("Use this app from a program")
    expect(page.locator("pre").last).to_have_text(program(app.url.rstrip("/")))
    endpoints, parameters = page.locator("dl").all()
    assert endpoints.locator("dt").all_inner_texts() == [f"/{name}" for name in ABOUT]
    told = set(parameters.locator("dt").all_inner_texts())
    assert told == {*VideoRequest.SETTINGS, *HELP}
    duration = parameters.locator("div", has=page.locator("dt", has_text="duration"))
    expect(duration.locator("p")).to_have_text(
        ["Duration. Length of the video in seconds. 1 to 10.", "By default: 5"]
    )
    expect(page.get_by_text("X-Novita-Key")).to_be_visible()
    expect(page.get_by_text("MCP")).to_have_count(0)  # these tools are off


def test_its_program_is_the_documented_one() -> None:
    documented = (ROOT / "docs" / "reference.md").read_text()
    assert program("http://127.0.0.1:7860") in documented


def test_it_speaks_chinese(browser: Browser, app: App) -> None:
    with closing(browser.new_context(locale="zh-CN")) as context:
        page = context.new_page()
        page.goto(f"{app.url}programs")
        expect(page.locator("h1")).to_have_text("在程序中使用本应用")
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        told = page.locator("dd p:not(.note)").all_inner_texts()
        assert len(told) == len(ABOUT) + len({*VideoRequest.SETTINGS, *HELP})
        assert all(any(ord(letter) > 0x3000 for letter in text) for text in told)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read(browser: Browser, app: App, scheme: Literal["light", "dark"]) -> None:
    with closing(browser.new_context(color_scheme=scheme)) as context:
        page = context.new_page()
        page.goto(f"{app.url}programs")
        assert Axe().run(page).response["violations"] == []
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
