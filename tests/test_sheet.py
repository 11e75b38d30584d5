"""The settings as a form and as JSON, and what filled them: marked, counted and undone."""

import json
from pathlib import Path

from page_fixtures import App, Visitor, until, without
from playwright.sync_api import Locator, expect
from shelf_fixtures import Shelf

from vidu_demo import VideoRequest
from vidu_demo.examples import EXAMPLES
from vidu_demo.simulator import Simulator
from vidu_demo.ui.form import body

CAT = next(example for example in EXAMPLES if example.name == "A cat looks up")


def switch(visitor: Visitor, mode: str) -> None:
    visitor.page.locator("#mode label", has_text=mode).click()


def text_of(visitor: Visitor) -> Locator:
    return visitor.page.locator("#json textarea")


def marked(visitor: Visitor) -> list[str]:
    """The fields with a mark."""
    fields = visitor.page.locator("#prompt, #takes, .fields .form > .block")
    coloured = "getComputedStyle(block).getPropertyValue('--changed')"
    found: list[str] = fields.evaluate_all(
        f"blocks => blocks.filter(block => {coloured}).map(block => block.id)"
    )
    return found


# JSON


def test_json_is_what_is_sent_and_what_is_typed_there_is_in_the_form(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    switch(visitor, "JSON")
    expect(visitor.field("Duration")).not_to_be_visible()
    text = text_of(visitor)
    asked = json.loads(text.input_value())
    assert asked["images"] == ["red.png"]
    asked |= {"duration": 1, "resolution": "540p", "seed": 5, "prompt": "Slow pull-back."}
    text.fill(json.dumps(asked))
    expect(visitor.price).to_have_text("Estimate $0.04")
    expect(visitor.prompt).to_have_value("Slow pull-back.")
    expect(visitor.thumbnails).to_have_count(1)
    visitor.prompt.fill("Slow orbit.")  # which is in the JSON at once
    asked["prompt"] = "Slow orbit."
    until(lambda: json.loads(text.input_value()) == asked)
    visitor.button("Make $0.04").click()
    until(lambda: api.submit_count == before + 1)
    sent = api.submits[-1]
    assert without(sent, "images") == without(asked, "images")
    switch(visitor, "Form")
    expect(visitor.choice("540p")).to_be_checked()
    expect(visitor.field("Seed")).to_have_value("5")  # folded out, since it is in use


def test_wrong_json_buys_nothing_until_it_is_mended_or_dropped(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    switch(visitor, "JSON")
    text = text_of(visitor)
    right = text.input_value()
    problems = visitor.page.locator(".problems")
    text.fill(right.replace('"duration": 5', '"duration": 55').replace('"bgm"', '"music"'))
    expect(problems.locator("li")).to_have_text(
        [
            "duration Duration goes from 1 to 10; 55 is outside.",
            "music There is no setting called music.",
        ]
    )
    visitor.button("Check the JSON").click()
    expect(text).to_be_focused()
    text.fill("{" + right)
    expect(problems).to_contain_text("This is not valid JSON: see line 1, column 2.")
    visitor.prompt.focus()
    visitor.button("Check the JSON").click()
    expect(text).to_have_value("{" + right)
    text.fill(right.replace('"duration": 5', '"duration": 4'))
    expect(problems).to_have_count(0)
    expect(visitor.button("Make $0.225")).to_be_enabled()

    text.fill("curl …")
    expect(visitor.button("Check the JSON")).to_be_enabled()
    switch(visitor, "Form")
    expect(visitor.button("Make $0.225")).to_be_enabled()
    expect(visitor.field("Duration")).to_have_value("4")
    switch(visitor, "JSON")
    assert json.loads(text.input_value())["duration"] == 4
    text.fill("{")
    expect(visitor.button("Check the JSON")).to_be_enabled()
    visitor.choose("A cat looks up")
    expect(visitor.make).to_be_enabled()
    expect(text).to_have_value(body.write(VideoRequest(images=[CAT.picture], **CAT.settings)))
    assert api.submit_count == before


def test_what_was_typed_and_not_read_is_not_bought(app: App, api: Simulator) -> None:
    """Even if a click is quicker than the answer that puts it into the form."""
    before = api.submit_count
    visitor = app.token()
    form = {"urls": "https://example.com/a.jpg", "prompt": "Push-in.", "duration": 1}
    form |= {"resolution": "540p", "audio": False, "voice_id": "", "bgm": False, "takes": 1}
    form |= {"movement_amplitude": "auto", "off_peak": False, "watermark": False}
    offer = app.offer(visitor, **form)
    unread = {"typed": "1", "read": ""}
    assert app.offer(visitor, **form, **unread) == ""
    assert "Check the JSON." in app.call("buy", visitor=visitor, offer=offer, **form, **unread)
    assert api.submit_count == before
    read = {"typed": "1", "read": "1"}
    assert "error" not in app.call("buy", visitor=visitor, offer=offer, **form, **read)
    until(lambda: api.submit_count == before + 1)


def test_pictures_named_in_json(visitor: Visitor, pngs: dict[str, Path]) -> None:
    visitor.fill(pngs["red"], pngs["green"], prompt="Slow push-in.")
    switch(visitor, "JSON")
    text = text_of(visitor)
    asked = json.loads(text.input_value())
    assert asked["images"] == ["red.png", "green.png"]
    url = "https://example.com/a.jpg"
    text.fill(json.dumps({**asked, "images": ["green.png", url]}))
    expect(visitor.thumbnails).to_have_count(1)
    visitor.fold_out("Or use picture URLs")
    expect(visitor.field("Picture URLs")).to_have_value(url)
    visitor.page.locator("#price [data-undo]").click()
    expect(visitor.thumbnails).to_have_count(2)
    expect(visitor.field("Picture URLs")).to_have_value("")
    until(lambda: json.loads(text.input_value())["images"] == ["red.png", "green.png"])


def test_columns_are_even_and_have_no_holes_and_fields_the_apis_names(visitor: Visitor) -> None:
    visitor.fold_out()
    expect(visitor.choice("Watermark")).to_be_visible()
    for field in VideoRequest.SETTINGS:
        label = visitor.page.locator(f"#{field} :is([data-testid=block-info], .label-text)")
        shown = label.first.evaluate("label => getComputedStyle(label, '::after').content")
        assert f'"{field}"' in shown
    for width in (1440, 1024, 390):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        grids = visitor.page.locator(".fields").evaluate_all(
            """grids => grids.map(grid => [grid, ...grid.querySelectorAll('.form > .block')]
                .map(one => one.getBoundingClientRect())
                .map(({top, left, right, height}) =>
                    [top, left, right, height].map(Math.round)))"""
        )
        assert [len(cells) for _, *cells in grids] == [4, 5]
        for (_, left, right, _), *cells in grids:
            padding = cells[0][1] - left
            lines: dict[int, list[list[int]]] = {}
            for cell in cells:
                lines.setdefault(cell[0], []).append(cell)
            assert len(lines) == (len(cells) if width == 390 else (len(cells) + 1) // 2)
            for line in lines.values():
                assert len({height for *_, height in line}) == 1
                assert line[0][1] == left + padding
                assert line[-1][2] == right - padding
            assert len({line[-1][1] for line in lines.values() if len(line) > 1}) <= 1


# What filled the form


def test_what_an_example_changed_is_marked_counted_and_undone(
    visitor: Visitor, pngs: dict[str, Path]
) -> None:
    note, undo = visitor.page.locator(".filling"), visitor.page.locator("[data-undo]")
    visitor.fill(pngs["red"], pngs["blue"], prompt="Slow push-in.")
    visitor.choice("3").check()
    expect(note).to_have_count(0)
    visitor.choose("A cat looks up")
    changed = {"takes", *(f for f, v in CAT.settings.items() if v != VideoRequest.DEFAULTS.get(f))}
    expect(note).to_contain_text(f"{len(changed)} settings changed")
    until(lambda: visitor.page.wait_for_timeout(50) or set(marked(visitor)) == changed)
    visitor.prompt.fill("Something else.")
    until(lambda: visitor.page.wait_for_timeout(50) or set(marked(visitor)) == changed - {"prompt"})
    undo.click()
    expect(visitor.prompt).to_have_value("Slow push-in.")
    expect(visitor.thumbnails).to_have_count(0)
    expect(visitor.choice("3")).to_be_checked()
    expect(undo).to_have_text("Redo")
    undo.click()
    expect(visitor.prompt).to_have_value("Something else.")
    expect(visitor.thumbnails).to_have_count(1)


def test_the_marks_go_with_what_is_bought(
    visitor: Visitor, app: App, pngs: dict[str, Path]
) -> None:
    shelf = Shelf(app, visitor)
    (job,) = shelf.done(shelf.start(pngs["blue"], "Slow orbit.", seed=5, watermark=True))
    shelf.open(job.id)
    visitor.more("Use these settings")
    note = visitor.page.locator(".filling")
    expect(note).to_contain_text("5 settings changed")
    expect(visitor.choice("Watermark")).to_be_visible()
    changed = {"prompt", "duration", "resolution", "seed", "watermark"}
    until(lambda: set(marked(visitor)) == changed)
    visitor.make.click()
    expect(note).to_have_count(0)
    assert marked(visitor) == []


def test_a_link_can_be_undone(visitor: Visitor, pngs: dict[str, Path]) -> None:
    visitor.fill(pngs["red"], prompt="Slow push-in.")
    visitor.page.goto(visitor.url + "?duration=3&resolution=540p&prompt=Slow+orbit.")
    expect(visitor.page.locator(".filling")).to_contain_text("3 settings changed")
    expect(visitor.price).to_have_text("Estimate $0.075")
    visitor.page.locator("[data-undo]").click()
    expect(visitor.thumbnails).to_have_count(1)
    expect(visitor.prompt).to_have_value("Slow push-in.")
    expect(visitor.button("Make $0.275")).to_be_enabled()
