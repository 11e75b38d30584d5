"""What a newcomer sees: an example that claims no model, and who pays."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from conftest import DEFAULTS
from page_fixtures import App, Visitor, free_port, until
from playwright.sync_api import expect

from vidu_demo.api.images import prepare
from vidu_demo.examples import EXAMPLES
from vidu_demo.settings import Settings
from vidu_demo.simulator import Simulator
from vidu_demo.studio import Studio

DRAWN = """link => new Promise((done) => {
    const image = new Image();
    image.onload = () => done(image.naturalWidth > 0);
    image.onerror = () => done(false);
    image.src = link.href;
})"""


def test_first_visit_shows_what_the_simulator_made_and_claims_no_model(
    visitor: Visitor, api: Simulator
) -> None:
    before = api.submit_count
    expect(visitor.page).to_have_title("Vidu Q2 Pro")
    assert visitor.page.locator("link[rel=icon]").evaluate(DRAWN)
    expect(visitor.page.locator(".payer")).to_have_text(
        "Videos are made by Vidu Q2 Pro at Novita and charged to your key."
    )
    expect(visitor.page.locator("#price")).to_contain_text("Charged to your key.")
    expect(visitor.headline).to_have_text("An example")
    expect(visitor.status).to_contain_text("Made by the simulator: no model was used.")
    expect(visitor.details).to_contain_text(EXAMPLES[0].settings["prompt"])
    assert visitor.video.evaluate("v => v.paused")
    shown = visitor.video.evaluate("async v => (await (await fetch(v.src)).blob()).size")
    assert shown == EXAMPLES[0].video.stat().st_size

    example = EXAMPLES[1]
    visitor.button(example.name).click()
    expect(visitor.details).to_contain_text(example.settings["prompt"])
    length = "async v => (await (await fetch(v.src)).blob()).size"
    until(lambda: visitor.video.evaluate(length) == example.video.stat().st_size)
    expect(visitor.prompt).to_have_value(example.settings["prompt"])
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.choice("Sound")).to_be_checked()
    visitor.make.click()
    expect(visitor.task_id).to_be_visible()
    (body,) = api.submits[before:]
    assert body == {
        "images": [prepare(example.picture).data_uri],
        **DEFAULTS,
        **example.settings,
        "seed": int(visitor.seed.inner_text()),
    }
    expect(visitor.status).not_to_contain_text("An example")


def test_an_examples_prompt_goes_with_its_picture(visitor: Visitor, pngs: dict[str, Path]) -> None:
    example, remove = EXAMPLES[1], visitor.page.get_by_role("button", name=re.compile("^Remove"))
    visitor.button(example.name).click()
    expect(visitor.prompt).to_have_value(example.settings["prompt"])
    remove.first.click()
    expect(visitor.thumbnails).to_have_count(0)
    visitor.upload(pngs["red"])
    expect(visitor.prompt).to_have_value("")
    visitor.prompt.fill("The square spins.")
    remove.first.click()
    expect(visitor.thumbnails).to_have_count(0)
    visitor.upload(pngs["green"])
    expect(visitor.tile).to_contain_text("First frame as sent")
    expect(visitor.prompt).to_have_value("The square spins.")


@pytest.fixture
def simulated(app: App, tmp_path: Path) -> Iterator[App]:
    """A page that uses no model."""
    from vidu_demo.ui.launch import launch
    from vidu_demo.ui.page import build

    studio = Studio(Settings(data_dir=tmp_path), simulate=True)
    demo = build(studio.runner, **{**studio.page_options, "secret": app.studio.secret})
    _, url, _ = launch(
        demo,
        videos=studio.videos,
        prevent_thread_lock=True,
        quiet=True,
        server_name="127.0.0.1",
        server_port=free_port(),
    )
    yield replace(app, url=url, demo=demo)
    demo.close(verbose=False)
    studio.close()


def test_page_says_who_pays(app: App, simulated: App) -> None:
    page = simulated.call("welcome")
    said = "Simulated: videos are made on this machine, no model is used and nothing is charged."
    assert said in page
    reviewed = simulated.call("review", visitor=app.token(), **DEFAULTS, prompt="x", takes=1)
    assert "<strong>Would cost $0.275</strong>" in reviewed
    assert "Simulated: nothing is charged." in reviewed

    for afar in ({"Via": "1.1 a-proxy"}, {"X-Forwarded-For": "203.0.113.7"}):
        answer = app.call("welcome", headers=afar)
        line = "Videos are made by Vidu Q2 Pro at Novita and charged to the host's key."
        assert line in unescape(answer)
