"""Phrases that a click adds to the prompt, and another click removes."""

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
        "Time lapse.",
    ),
    "What reacts": (
        "Hair and clothes move.",
        "Water ripples.",
        "Leaves stir in the wind.",
        "Shadows shift.",
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
"""Phrases by topic. None is part of another, so each can be recognised in a prompt."""


def has(prompt: str, phrase: str) -> bool:
    """Tell whether a prompt contains a phrase, whoever put it there."""
    return phrase in prompt


def toggle(prompt: str, phrase: str) -> str:
    """Add a phrase to the end of a prompt, or remove it if it is already there.

    An English phrase is preceded by one space, even after other white space, except at the start
    of a line. That way, removing a phrase restores exactly the prompt from before.
    """
    gap = " " if phrase.isascii() else ""
    before, found, after = prompt.rpartition(phrase)
    if not found:
        return prompt + ("" if _starts_line(prompt) else gap) + phrase
    if _starts_line(before):
        return before + after.removeprefix(gap)
    return before.removesuffix(gap) + after


def _starts_line(before: str) -> bool:
    return not before or before.endswith("\n")
