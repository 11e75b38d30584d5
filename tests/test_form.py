"""The form in a real browser: what it asks for, says, costs, sends and keeps."""

from pathlib import Path
from typing import Any

from page_fixtures import DONE, App, Visitor, until
from playwright.sync_api import Request, Route, expect

from vidu_demo.api.images import prepare
from vidu_demo.simulator import Simulator


def test_empty_page_says_what_is_missing(visitor: Visitor, pngs: dict[str, Path]) -> None:
    expect(visitor.button("Add a picture")).to_be_enabled()
    expect(visitor.headline).to_have_text("An example")
    expect(visitor.status).to_contain_text("Made by the simulator")
    expect(visitor.details).to_contain_text("Your own videos appear here.")
    expect(visitor.page.locator(".notice:visible")).to_have_count(0)
    visitor.upload(pngs["red"])
    expect(visitor.button("Write a prompt")).to_be_enabled()
    visitor.prompt.fill("  ")
    expect(visitor.button("Write a prompt")).to_be_enabled()
    visitor.prompt.fill("Slow push-in.")
    expect(visitor.make).to_be_enabled()
    visitor.button("Remove").click()
    expect(visitor.button("Add a picture")).to_be_enabled()


def test_what_is_sent_is_exactly_what_the_form_shows(
    visitor: Visitor, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fill(pngs["red"], prompt="The cat blinks, “slowly”.\nPush-in.")
    visitor.field("Duration").fill("3")
    visitor.choice("540p").check()
    visitor.fold_out()
    visitor.field("Seed").fill("42")
    visitor.choice("Sound").check()
    visitor.field("Voice").fill("English_Graceful_Lady")
    visitor.field("Voice").press("Enter")
    visitor.choice("Music").check()
    visitor.choice("high").check()
    visitor.choice("Off-peak").check()
    visitor.choice("Watermark").check()
    # 540p: 3 × 0.025, sound 0.075, off-peak half
    expect(visitor.page.locator("#price")).to_contain_text("Estimate $0.075")
    visitor.make.click()
    expect(visitor.task_id).to_be_visible()
    (body,) = api.submits[before:]
    assert body == {
        "images": [prepare(pngs["red"]).data_uri],
        "prompt": "The cat blinks, “slowly”.\nPush-in.",
        "duration": 3,
        "resolution": "540p",
        "seed": 42,
        "audio": True,
        "voice_id": "English_Graceful_Lady",
        "bgm": True,
        "movement_amplitude": "high",
        "off_peak": True,
        "watermark": True,
    }


def test_price_follows_the_form_and_wrong_numbers_are_said_in_words(
    visitor: Visitor, api: Simulator
) -> None:
    before = api.submit_count
    price = visitor.page.locator("#price strong")
    seconds = visitor.field("Duration")
    expect(price).to_have_text("Estimate $0.275")
    expect(visitor.page.locator("#price")).to_contain_text("2026-11")
    visitor.choice("540p").check()
    expect(price).to_have_text("Estimate $0.125")
    visitor.choice("1080p").check()
    expect(price).to_have_text("Estimate $0.575")
    seconds.fill("10")
    expect(price).to_have_text("Estimate $0.95")
    seconds.fill("1")
    expect(price).to_have_text("Estimate $0.275")
    visitor.fold_out()
    visitor.choice("Sound").check()
    expect(price).to_have_text("Estimate $0.35")
    visitor.choice("Music").check()
    visitor.choice("Off-peak").check()
    expect(price).to_have_text("Estimate $0.175")

    visitor.button("A cat looks up").click()  # the server has set the slider once
    for typed, said in (
        ("77", "Duration goes from 1 to 10; 77 is outside"),
        ("", "Duration must be a whole number"),
        ("2.6", "Duration must be a whole number"),
    ):
        expect(visitor.make).to_be_enabled()  # Gradio clamps the number that is left
        seconds.fill(typed)
        visitor.button(said).click()  # which leads there, and buys nothing
        expect(seconds).to_be_focused()
    seconds.fill("2")
    expect(visitor.make).to_be_enabled()
    assert api.submit_count == before


def test_truths_about_choices_appear_and_go(visitor: Visitor, pngs: dict[str, Path]) -> None:
    def told(text: str) -> Any:
        return expect(visitor.page.locator(".notice").get_by_text(text, exact=True))

    visitor.upload(pngs["red"])
    expect(visitor.thumbnails).to_have_count(1)
    told("All pictures are sent, but only the first is known to be used.").not_to_be_visible()
    visitor.upload(pngs["green"])
    told("All pictures are sent, but only the first is known to be used.").to_be_visible()
    visitor.fold_out()
    visitor.choice("Music").check()
    visitor.field("Duration").fill("9")
    told("Music has no effect on videos of 9 and 10 seconds.").to_be_visible()
    visitor.field("Duration").fill("8")
    told("Music has no effect on videos of 9 and 10 seconds.").not_to_be_visible()
    visitor.field("Voice").fill("English_Graceful_Lady")
    visitor.field("Voice").press("Enter")
    told("A voice has no effect without sound.").to_be_visible()
    visitor.choice("Sound").check()
    told("A voice has no effect without sound.").not_to_be_visible()
    visitor.choice("Off-peak").check()
    told("Off-peak is not offered together with sound, so this may be refused.").to_be_visible()
    expect(visitor.page.locator("#price p")).to_have_text(
        "Off-peak is not offered together with sound, so this may be refused."
    )
    visitor.choice("high").check()
    told("Q2 models are documented to ignore this setting.").to_be_visible()
    visitor.field("Seed").fill("0")
    told("0 means random to the model, so it can't be repeated.").to_be_visible()


def test_words_that_help_and_the_keyboard(
    visitor: Visitor, app: App, api: Simulator, pngs: dict[str, Path]
) -> None:
    before = api.submit_count
    visitor.fold_out("Prompt ideas")
    chip = visitor.button("Slow push-in.")
    counter = visitor.page.locator("#counter")
    visitor.prompt.fill("The cat blinks.")
    expect(counter).to_have_text("15 of 2000 characters")
    chip.click()
    expect(visitor.prompt).to_have_value("The cat blinks. Slow push-in.")
    expect(counter).to_have_text("29 of 2000 characters")
    expect(chip).to_have_attribute("aria-pressed", "true")
    sound_is_off = visitor.page.get_by_text("Sound is off, so words about sound have no effect.")
    expect(sound_is_off).not_to_be_visible()
    visitor.button("Birdsong.").click()
    expect(sound_is_off).to_be_visible()
    chip.click()
    expect(visitor.prompt).to_have_value("The cat blinks. Birdsong.")
    expect(chip).to_have_attribute("aria-pressed", "false")
    visitor.prompt.fill("x" * 2001)
    expect(counter).to_have_text("2001 of 5000 characters")

    keyboard = visitor.page.keyboard
    visitor.prompt.press("Control+Enter")  # without a picture the button asks for one
    visitor.page.wait_for_timeout(300)
    visitor.fill(pngs["red"], prompt="The cat blinks.")
    visitor.choose_smallest()
    visitor.prompt.focus()
    assert api.submit_count == before
    clicks: list[Request] = []
    is_click = app.calls("buy")
    visitor.page.on("request", lambda request: is_click(request) and clicks.append(request))
    keyboard.down("Control")
    for _ in range(3):  # held down, so that the keyboard repeats it by itself
        keyboard.down("Enter")
        visitor.page.wait_for_timeout(400)
    keyboard.up("Enter")
    keyboard.up("Control")
    expect(visitor.headline).to_have_text(DONE)
    assert len(clicks) == 1
    assert api.submit_count == before + 1
    expect(visitor.facts).to_have_text("720 × 540, 1.0 s, 6 fps, silent")
    expect(visitor.status.locator(".difference")).to_have_count(0)
    expect(visitor.prompt).to_have_value("The cat blinks.")


def test_a_prompt_that_is_too_long_comes_back(app: App) -> None:
    long, visitor = 5001 * "x", app.token()
    assert long in app.call("welcome", kept={"prompt": long})
    filling = {"before": {"prompt": long}, "after": {"prompt": "y"}, "by": "choice"}
    assert long in app.call("undo", visitor=visitor, filling=filling)


def test_form_is_kept_over_a_reload(visitor: Visitor, pngs: dict[str, Path]) -> None:
    visitor.fill(pngs["red"], pngs["blue"], prompt="The cat blinks.")
    visitor.field("Duration").fill("7")
    visitor.fold_out()
    visitor.field("Seed").fill("99")
    visitor.choice("Watermark").check()
    visitor.choice("1080p").check()  # the last change, so the price tells that all are kept
    expect(visitor.page.locator("#price")).to_contain_text("Estimate $0.725")
    visitor.page.reload()
    expect(visitor.make).to_be_enabled()
    expect(visitor.thumbnails).to_have_count(2)
    expect(visitor.prompt).to_have_value("The cat blinks.")
    expect(visitor.field("Duration")).to_have_value("7")
    expect(visitor.choice("1080p")).to_be_checked()
    expect(visitor.field("Seed")).to_have_value("99")
    expect(visitor.page.locator("#price")).to_contain_text("Estimate $0.725")
    expect(visitor.choice("Watermark")).to_be_checked()  # folded out, since it is in use


def test_what_is_typed_while_the_page_still_loads_stays(visitor: Visitor) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    visitor.page.route("**/gradio_api/run/**", hold)
    visitor.page.reload()
    visitor.prompt.fill("Slow push-in.")
    until(lambda: visitor.page.wait_for_timeout(50) or held)
    visitor.page.unroute("**/gradio_api/run/**")
    expect(visitor.button("Add a picture")).to_be_enabled()
    expect(visitor.page.locator("#price strong")).to_be_visible()
    expect(visitor.prompt).to_have_value("Slow push-in.", timeout=2000)
