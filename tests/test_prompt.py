"""Phrases that are added to a prompt and taken out again, and how that is shown."""

import re
from itertools import permutations
from random import Random

import gradio as gr
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vidu_demo.api.request import VideoRequest
from vidu_demo.ui.form import prompt as prompt_help
from vidu_demo.ui.form.phrases import CHIPS, has, toggle
from vidu_demo.ui.i18n.words import speaker, spellings

ENGLISH = [phrase for group in CHIPS.values() for phrase in group]
PHRASES = [spelling for phrase in ENGLISH for spelling in spellings(phrase)]
PIECES = ["", " ", "\n", "\r\n", "\t", "\v", "\u00a0", "\u2028", "A", ".", "Slow", "push-in.", "🦆"]

prompts = st.lists(st.sampled_from(PIECES)).map("".join)


@pytest.mark.parametrize(
    ("prompt", "longer"),
    [
        ("", "Water ripples."),
        ("A lake.", "A lake. Water ripples."),
        ("A lake.\n", "A lake.\nWater ripples."),
        ("A lake. ", "A lake.  Water ripples."),
        ("湖。", "湖。水面泛起涟漪。"),
        ("湖。\n", "湖。\n水面泛起涟漪。"),
    ],
)
def test_a_phrase_is_added_at_the_end_and_taken_out(prompt: str, longer: str) -> None:
    phrase = longer[-len("水面泛起涟漪。") :] if "湖" in longer else "Water ripples."
    assert toggle(prompt, phrase) == longer
    assert toggle(longer, phrase) == prompt


@given(prompts, st.sampled_from(PHRASES))
def test_two_presses_change_nothing(prompt: str, phrase: str) -> None:
    assume(not has(prompt, phrase))
    pressed = toggle(prompt, phrase)
    assert has(pressed, phrase)
    assert pressed.startswith(prompt)
    assert toggle(pressed, phrase) == prompt


@given(
    prompts,
    st.lists(st.sampled_from(PHRASES), unique=True, max_size=5),
    st.randoms(use_true_random=False),
)
def test_several_phrases_come_out_in_any_order(
    prompt: str, phrases: list[str], random: Random
) -> None:
    assume(not any(has(prompt, phrase) for phrase in phrases))
    pressed = prompt
    for phrase in phrases:
        pressed = toggle(pressed, phrase)
    random.shuffle(phrases)
    for phrase in phrases:
        pressed = toggle(pressed, phrase)
    assert pressed == prompt


def test_what_the_visitor_has_typed_counts_and_can_be_taken_out() -> None:
    assert has("A lake. Slow push-in.\nWater ripples.", "Slow push-in.")
    assert toggle("A lake. Slow push-in.\nA boat.", "Slow push-in.") == "A lake.\nA boat."
    assert toggle("Slow push-in. A lake.", "Slow push-in.") == "A lake."
    assert not has("a slow push-in", "Slow push-in.")


def test_phrases_are_told_apart() -> None:
    assert len(PHRASES) == len(set(PHRASES)) >= 20
    assert not [pair for pair in permutations(PHRASES, 2) if pair[0] in pair[1]]
    assert all(re.fullmatch(r"[A-Z][\w ,-]+\.|[\u4e00-\u9fff]+。", each) for each in PHRASES)


# As HTML


def pressed(html: str) -> list[str]:
    return re.findall(r'data-phrase="([^"]*)" aria-pressed="true"', html)


def test_every_phrase_is_a_button_in_its_group() -> None:
    html = prompt_help.render("", audio=False)
    groups = html.split('role="group" aria-label=')[1:]
    for group, (name, phrases) in zip(groups, CHIPS.items(), strict=True):
        assert group.startswith(f'"{name}"><h3>{name}</h3>')
        assert re.findall(r'<button type="button"[^>]*>([^<]*)<', group) == list(phrases)
    assert pressed(html) == []


@pytest.mark.parametrize("prompt", ["<b>Waves</b> roll in. Slow orbit. Waves on the shore.", None])
def test_what_stands_in_the_prompt_is_pressed(prompt: str | None) -> None:
    html = prompt_help.render(prompt, audio=True)
    assert pressed(html) == (["Slow orbit.", "Waves on the shore."] if prompt else [])
    assert "<b>" not in html


def test_sound_off_is_said_where_it_matters() -> None:
    said = "Sound is off, so words about sound have no effect."
    for phrase in CHIPS["Sound"]:
        for spelling in spellings(phrase):
            assert said in prompt_help.render(f"A lake. {spelling}", audio=False)
            assert said not in prompt_help.render(f"A lake. {spelling}", audio=True)
    assert said not in prompt_help.render("Water ripples.", audio=False)


def test_a_click_carries_its_phrase() -> None:
    event = gr.EventData(None, {"phrase": "Slow orbit."})
    assert prompt_help.press(event, "A lake.") == "A lake. Slow orbit."
    assert prompt_help.press(event, "A lake. Slow orbit.") == "A lake."
    assert prompt_help.press(event, None) == "Slow orbit."
    assert prompt_help.press(event, "湖。镜头缓慢环绕。") == "湖。"


def test_a_chinese_page_has_chinese_phrases_and_knows_the_english_ones() -> None:
    html = prompt_help.render("湖。镜头缓慢环绕。 Birdsong.", audio=True, say=speaker("zh-CN"))
    assert pressed(html) == ["镜头缓慢环绕。", "鸟鸣声。"]
    for phrase, before, after in (
        ("镜头缓慢环绕。", "湖。", "湖。镜头缓慢环绕。"),
        ("镜头缓慢环绕。", "湖。镜头缓慢环绕。", "湖。"),
        ("鸟鸣声。", "A lake. Birdsong.", "A lake."),
        (["鸟鸣声。"], "A lake.", "A lake."),  # anyone can send anything
    ):
        event = gr.EventData(None, {"phrase": phrase})
        assert prompt_help.press(event, before) == after


@pytest.mark.parametrize(
    ("length", "words", "long"),
    [
        (0, "0 of 2000 characters", False),
        (2000, "2000 of 2000 characters", False),
        (2001, "2001 of 5000 characters", True),
        (5001, "5001 of 5000 characters", True),
    ],
)
def test_the_counter_names_the_limit_that_is_next(length: int, words: str, long: bool) -> None:
    html = prompt_help.counter("x" * length)
    assert f">{words}<" in html
    assert ("long" in html) == long
    told = VideoRequest.unchecked(images=[], prompt="x" * length).notices()
    assert any(notice.field == "prompt" for notice in told) == long
