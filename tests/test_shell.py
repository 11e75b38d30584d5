"""What the page shows before Gradio's script has run, and in the preview of a link."""

import re
from contextlib import closing
from typing import Any

import pytest
import requests
from page_fixtures import App
from playwright.sync_api import Browser, Page, Route, expect

WINDOWS = [(1440, 900), (1024, 768), (390, 844)]
COUNT_FRAMES = """
    const draw = window.requestAnimationFrame.bind(window);
    window.asked = 0;
    window.requestAnimationFrame = (then) => { asked += 1; return draw(then); };
    window.idle = async () => {
        for (let round = 0; round < 90; round += 1) {
            const known = asked;
            for (let frame = 0; frame < 20; frame += 1) await new Promise(draw);
            if (asked === known) return true;
        }
        return false;
    };
"""
"""With it, `idle()` waits half a minute for twenty frames that no script has asked for."""
SUBTITLE = {
    "en-US": "Turn a picture and a sentence into a video.",
    "zh-CN": "一张图片加一句话，变成一段视频。",
}


def where(page: Page, place: str) -> list[float]:
    """Where an element is, and how large its letters are."""
    found: list[float] = page.locator(place).evaluate(
        """element => {
            const {x, y, height} = element.getBoundingClientRect();
            return [x, y, height, parseFloat(getComputedStyle(element).fontSize)];
        }"""
    )
    return found


def test_the_header_is_there_before_gradio_and_stays_where_it_is(
    browser: Browser, app: App
) -> None:
    held: list[Route] = []
    early: list[Any] = []
    holding = True

    def hold(route: Route) -> None:
        if holding:
            held.append(route)
        else:
            route.continue_()

    with closing(browser.new_context(color_scheme="dark")) as context:
        context.add_init_script(COUNT_FRAMES)
        page = context.new_page()
        page.route("**/assets/*.js", hold)
        with page.expect_request("**/assets/*.js"):
            page.goto(app.url, wait_until="commit")
        for width, height in WINDOWS:
            page.set_viewport_size({"width": width, "height": height})
            expect(page.get_by_role("heading", name="Vidu Q2 Pro")).to_be_visible()
            early.append(
                (where(page, "#shell h1"), where(page, "#shell .columns :first-child")[:2])
            )
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        holding = False
        for route in held:
            route.continue_()
        expect(page.locator("#shell")).to_have_count(0)
        expect(page.locator("#make")).to_be_visible()
        for (width, height), (heading, tile) in zip(WINDOWS, early, strict=True):
            page.set_viewport_size({"width": width, "height": height})
            assert heading == pytest.approx(where(page, ".page-header h1"), abs=1), width
            assert tile == pytest.approx(where(page, ".tile")[:2], abs=3), width
        assert page.evaluate("idle()")  # so Gradio's loader has stopped, too


def test_the_header_speaks_the_visitors_language(app: App) -> None:
    for language, subtitle in SUBTITLE.items():
        page = requests.get(app.url, headers={"Accept-Language": language}, timeout=30).text
        before = page.partition("<gradio-app")[0]
        assert f"<p>{subtitle}</p>" in before


def test_the_preview_of_a_link_is_the_projects_own(app: App) -> None:
    page = requests.get(app.url, timeout=30).text
    said = re.findall(r'<meta\s[^>]*(?:property|name)="([^"]+)"\s+content="([^"]*)"', page)
    previews = {name: text for name, text in said if re.match("og:|twitter:|description", name)}
    assert previews == {
        "description": "Turn a picture and a sentence into a video.",
        "og:type": "website",
        "og:title": "Vidu Q2 Pro",
        "og:description": "Turn a picture and a sentence into a video.",
    }
    assert "gradio" not in "".join(name + text for name, text in said).lower()
