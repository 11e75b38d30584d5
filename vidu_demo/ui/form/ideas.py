"""Plain sentences that a press of a button adds to a prompt, and another one takes out again."""

from collections.abc import Mapping

CHIPS: Mapping[str, tuple[str, ...]] = {
    "Camera": (
        "Slow push-in.",
        "Slow pull-back.",
        "Pan to the right.",
        "Slow orbit.",
        "Handheld camera.",
        "Static camera.",
    ),
    "Pace": (
        "In slow motion.",
        "Calm and unhurried.",
        "Quick and lively.",
        "One smooth move.",
        "As a time lapse.",
    ),
    "What reacts": (
        "Hair and clothes move.",
        "Water ripples.",
        "Leaves stir in the wind.",
        "Shadows wander.",
        "Dust drifts in the light.",
    ),
    "Sound": (
        "Birdsong.",
        "Distant voices.",
        "Wind in the trees.",
        "Waves on the shore.",
        "The hum of a city.",
    ),
}
"""Phrases by what they are about. None is part of another, so that each is known by its words."""


def has(prompt: str, phrase: str) -> bool:
    """Tell whether a phrase stands in a prompt, whoever has put it there."""
    return phrase in prompt


def toggle(prompt: str, phrase: str) -> str:
    """Add a phrase to the end of a prompt, or take it out where it already is.

    It is set off by one space, also behind other white space, but not at the start of a line: so
    what was added is known again, and taking it out gives back the very prompt of before.
    """
    before, found, after = prompt.rpartition(phrase)
    if not found:
        return prompt + ("" if _starts_line(prompt) else " ") + phrase
    if _starts_line(before):
        return before + after.removeprefix(" ")
    return before.removesuffix(" ") + after


def unheard(prompt: str, *, audio: bool) -> bool:
    """Tell whether a prompt has a phrase about sound, while the video is made without."""
    return not audio and any(has(prompt, phrase) for phrase in CHIPS["Sound"])


def _starts_line(before: str) -> bool:
    return not before or before.endswith("\n")
