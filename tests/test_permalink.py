"""The form as a program and as a link."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from page_fixtures import KEY, App, Visitor
from playwright.sync_api import expect

from vidu_demo import VideoRequest
from vidu_demo.simulator import Simulator
from vidu_demo.ui.browser import permalink


def test_form_as_code_and_as_a_link(
    visit: Callable[..., Visitor], app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    visitor.fill(pngs["red"], prompt="The cat blinks twice.")
    visitor.fold_out("Or use picture URLs")
    addresses = visitor.field("Picture URLs")
    picture = "https://example.com/cat.jpg"
    addresses.fill(f"{picture}\nhttps://example.com/signed.jpg?sign=secret")
    visitor.field("Duration").fill("3")
    expect(visitor.price).to_have_text("Estimate $0.175")
    loaded = len(visitor.asked)
    visitor.open_tab("Code")
    editor = re.compile(r"/assets/Index-[\w-]+\.js$")
    expect(visitor.page.get_by_role("tabpanel").last).to_contain_text("red.png")
    assert any(map(editor.search, visitor.asked[loaded:])), "the page has loaded it before"
    for language in ("curl", "Python · requests", "Python · vidu_demo", "JavaScript"):
        visitor.page.get_by_role("tab", name=language, exact=True).click()
        panel = visitor.page.get_by_role("tabpanel").last
        expect(panel).to_contain_text("red.png")
        panel.get_by_role("button", name="Copy").click()
        code = visitor.page.evaluate("navigator.clipboard.readText()")
        assert "The cat blinks twice." in code
        assert "NOVITA_API_KEY" in code or "ViduClient()" in code
        for private in (KEY, str(app.uploads), str(app.data)):
            assert private not in code

    visitor.button("Copy a link to this form").click()
    expect(visitor.page.locator("#link")).to_contain_text("Link copied.")
    link = visitor.page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{visitor.url}?")
    assert parse_qs(urlsplit(link).query) == {
        "prompt": ["The cat blinks twice."],
        "duration": ["3"],
        "image": [picture],
    }
    visitor.prompt.fill("Something else.")
    visitor.page.goto(link + "&seed=-1&resolution=4k")
    expect(visitor.prompt).to_have_value("The cat blinks twice.")
    expect(visitor.field("Duration")).to_have_value("3")
    expect(visitor.choice("720p")).to_be_checked()
    expect(visitor.make).to_be_enabled()
    expect(visitor.thumbnails).to_have_count(0)
    expect(visitor.page).to_have_url(visitor.url)
    visitor.fold_out("Or use picture URLs")
    expect(addresses).to_have_value(picture)
    visitor.prompt.fill("The cat yawns.")
    visitor.choice("540p").check()
    expect(visitor.price).to_have_text("Estimate $0.075")
    visitor.page.reload()
    expect(visitor.prompt).to_have_value("The cat yawns.")
    assert api.submit_count == before


def test_link_leaves_out_what_may_be_secret() -> None:
    open_to_all = ["https://example.com/cat.jpg", "https://["]
    secrets = [
        "https://example.com/a.jpg?sign=x",
        "https://me:word@example.com/a.jpg",
        "photo.png",
    ]
    request = VideoRequest.unchecked(prompt="", images=[*secrets, *open_to_all])
    assert parse_qs(permalink.write(request)) == {permalink.PICTURES: open_to_all}
