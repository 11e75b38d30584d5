"""The camera move: which part of the picture is visible when."""

import math
from collections.abc import Callable

import numpy as np

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as fractions of the picture."""

STRENGTHS = {"small": 0.05, "medium": 0.13, "auto": 0.13, "high": 0.25}
"""How much of the picture's width the closest view cuts off."""


def closest(movement_amplitude: str) -> float:
    """Return the fraction of the picture's width that the closest view shows."""
    return 1 - STRENGTHS[movement_amplitude]


def move(movement_amplitude: str, seed: int) -> Callable[[float], Box]:
    """Plan a zoom in or out along a curved pan, eased at both ends.

    Args:
        movement_amplitude: The strength of the move, a key of `STRENGTHS`.
        seed: Decides the direction, 0 or more.

    Returns:
        A function from time, 0 to 1, to the view.
    """
    rng = np.random.default_rng(seed)
    wide, close = 1 - 0.2 * STRENGTHS[movement_amplitude], closest(movement_amplitude)
    first, last = (wide, close) if rng.random() < 0.6 else (close, wide)
    angle = rng.uniform(0, math.tau)
    bend = rng.uniform(-1.2, 1.2)

    def view(time: float) -> Box:
        eased = time * time * (3 - 2 * time)
        size = first + (last - first) * eased
        slack = (1 - size) / 2  # how far the view can be from the middle
        along = 2 * eased - 1
        direction = angle + bend * along
        x = 0.5 + slack * along * math.cos(direction)
        y = 0.5 + slack * along * math.sin(direction)
        return x - size / 2, y - size / 2, x + size / 2, y + size / 2

    return view
