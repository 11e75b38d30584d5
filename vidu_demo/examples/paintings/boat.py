"""A paper boat in a rainy street, 1:1."""

import math

import numpy as np
from PIL import Image

from .brushes import (
    Canvas,
    Field,
    blur,
    box,
    bump,
    circle,
    colour,
    place,
    ramp,
    sample,
    step,
    stroke,
    to_image,
    to_numbers,
    waves,
)

SIDE = 1000
EDGE = 396  # the row where the puddle ends and the street begins
BOAT = 486, 640  # the middle of its waterline
FLAT = 0.34  # how high a circle on the water looks, as a share of its width

HOUSES = (  # left, right, top and colour; the street runs between them
    (-40, 150, -40, "#10142f"),
    (150, 268, 60, "#1b1d42"),
    (268, 352, 150, "#2c2955"),
    (352, 410, 215, "#443763"),
    (640, 700, 205, "#4a3a66"),
    (700, 790, 130, "#2b2953"),
    (790, 900, 40, "#1a1c40"),
    (900, 1040, -40, "#0f132e"),
)
WINDOWS = ("#ffca7a", "#ffb05c", "#ffe3a8", "#8fb8d8")
LAMPS = ("#ffb347", "#ff8f4a", "#ffd58a", "#ff6f61", "#63c7d6", "#ffc266")
RINGS = (  # where drops have fallen, and how far their rings have come
    (170, 560, 70), (820, 600, 92), (300, 860, 150), (760, 840, 60),
    (650, 470, 40), (120, 760, 44), (905, 760, 30), (330, 480, 34),
    (880, 470, 28), (560, 900, 26), (60, 450, 20), (700, 700, 24),
)  # fmt: skip
PAPER = (  # the faces of the folded boat, from the farthest to the nearest
    (((-186, -74), (-70, -92), (70, -94), (188, -78), (60, -40), (-60, -38)), "#7c6a86"),
    (((4, -206), (-92, -52), (2, -28)), "#fff3dc"),
    (((4, -206), (2, -28), (98, -56)), "#c9a59b"),
    (((-186, -74), (0, -26), (-104, 26)), "#fbe7cd"),
    (((188, -78), (0, -26), (110, 25)), "#b48d92"),
    (((0, -26), (110, 25), (-104, 26)), "#dcbfae"),
)
LEAF = (  # one half of a maple leaf
    (0.06, 0.95), (0.05, 0.36), (0.12, 0.30), (0.64, 0.42), (0.58, 0.12), (1, -0.02),
    (0.70, -0.24), (0.86, -0.50), (0.36, -0.42), (0.40, -0.78), (0.16, -0.62), (0, -1),
)  # fmt: skip
VEINS = ((0, -0.9), (0.8, -0.45), (-0.8, -0.45), (0.85, 0), (-0.85, 0), (0.5, 0.35), (-0.5, 0.35))
LEAVES = ((196, 690, 54, 0.7, "#f08a3c", "#b8432f"), (836, 720, 40, -1.0, "#f2b04a", "#b9572f"))


def paint() -> Image.Image:
    """Paint the picture; it comes out the same each time."""
    rng = np.random.default_rng(6)
    canvas = Canvas(SIDE, SIDE)
    street(canvas.part(0, 0, SIDE, EDGE + 20), rng)
    lamps(canvas, rng)
    water = canvas.part(0, EDGE - 6, SIDE, SIDE)
    leaning = 0.5 * waves(water, rng, EDGE - 60, 2.5) + rings(water)
    leaning *= step(water.y, EDGE, EDGE + 50)
    puddle(water, canvas, leaning)
    for leaf in LEAVES:
        float_leaf(canvas, *leaf)
    boat(water, canvas, leaning)
    rain(canvas, rng)
    return canvas.finish(rng, vignette=0.5)


def street(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint houses in the dusk, far out of focus."""
    canvas.lay(
        ramp(canvas.y, (0, "#1a2148"), (170, "#3b3a72"), (300, "#8d5a84"), (EDGE, "#e89a76"))
    )
    pieces = []
    for left, right, top, code in HOUSES:
        pieces.append((box(left, top, right, EDGE + 40), colour(code)))
        pace = (right - left) / 5
        for x in np.arange(left + pace * 0.6, right - pace * 0.5, pace):
            for y in np.arange(max(top, 0) + pace * 0.7, EDGE - pace, pace * 1.5):
                if rng.random() < 0.5:
                    lit = colour(rng.choice(WINDOWS)) * rng.uniform(0.45, 1)
                    pieces.append((box(x, y, x + pace * 0.5, y + pace * 0.8), lit))
    mask = blur(canvas.fill(*(outline for outline, _ in pieces)), 6)
    # The blur mixes black into the edges; the blurred mask says how much.
    canvas.lay(blur(canvas.facets(pieces), 6) / np.maximum(mask, 0.02), mask)


def lamps(canvas: Canvas, rng: np.random.Generator) -> None:
    """Hang the street's lights, each a disc, as a lens shows what is out of focus."""
    lights = [
        (520 + side * (34 + 400 * near), 352 - 210 * near, 7 + 36 * near, LAMPS[0], 0.85)
        for near in (0.05, 0.14, 0.3, 0.56, 0.95)
        for side in (-1, 1)
    ]
    spread = ((26, (380, 680), (318, 384), (5, 17)), (20, (0, 1000), (120, 384), (12, 34)))
    for count, columns, rows, sizes in spread:
        lights += [
            (
                rng.uniform(*columns),
                rng.uniform(*rows),
                rng.uniform(*sizes),
                str(rng.choice(LAMPS)),
                rng.uniform(0.25, 0.65),
            )
            for _ in range(count)
        ]
    for x, y, radius, code, strength in lights:
        reach = 8 * radius
        around = canvas.part(*(int(side) for side in (x - reach, y - reach, x + reach, y + reach)))
        away = around.distance(x, y)
        disc = step(away, radius + 1.5, radius - 1.5) * (0.55 + 0.45 * (away / radius) ** 4)
        around.light(colour(code), strength * disc)
        halo = np.exp(-away / (2.2 * radius)) * step(away, reach, 0.6 * reach)
        around.light(colour(code), 0.3 * strength * halo)


def rings(water: Canvas) -> Field:
    """Get how the water leans in the rings of the drops, and in the boat's."""
    # Computed for every other pixel: the rings are smooth, and there are many.
    columns, rows = water.x[::2, ::2], water.y[::2, ::2]
    leaning = np.zeros_like(columns)
    for x, y, radius in (*RINGS, (*BOAT, 230)):
        away = np.hypot(columns - x, (rows - y) / FLAT)
        length = 9 + radius * 0.10
        for share, strength in ((1, 0.9), (0.62, 0.54), (0.3, 0.36)):
            off = (away - share * radius) / length
            leaning += strength * np.sin(2.6 * off) * bump(off, 1)
    full = Image.fromarray(leaning).resize(water.size, Image.Resampling.BICUBIC)
    return np.asarray(full)


def puddle(water: Canvas, canvas: Canvas, leaning: Field) -> None:
    """Lay the water: it mirrors the street, drawn long and broken by the rings."""
    near = np.maximum(water.y - EDGE, 0)
    x = water.x + leaning * (2 + near * 0.04)
    y = EDGE - 6 - near * 0.72 + leaning * (6 + near * 0.10)
    low = to_image(canvas.pixels).resize((SIDE // 2, SIDE // 16))
    long = to_numbers(low.resize(canvas.size, Image.Resampling.BICUBIC))
    tint = ramp(near, (0, "#fff0e4"), (200, "#e8cfd8"), (600, "#98a0d8"))
    mirrored = 1.25 * sample(long, x, np.minimum(y, EDGE - 8)) * tint
    water.lay(mirrored, step(water.y, EDGE - 6, EDGE + 6))
    water.lay(colour("#10183a"), 0.35 * step(near, 60, 620))
    water.light(colour("#ffcf9a"), 0.42 * step(leaning, 0.25, 1) * np.exp(-near / 420))
    water.light(colour("#8fa8e0"), 0.22 * step(leaning, 0.3, 1))
    water.lay(colour("#0d1334"), 0.5 * step(-leaning, 0.25, 1.1))


def float_leaf(
    canvas: Canvas, x: int, y: int, size: int, turn: float, left: str, right: str
) -> None:
    """Float a leaf on the water, in two colours."""
    half = np.array(LEAF)
    whole = [*half, *half[::-1] * (-1, 1)]
    around = canvas.part(x - 2 * size, y - size, x + 2 * size, y + size)
    leaf = around.fill(place(whole, x, y, size, turn, 0.42))
    stem = np.array([place([tip, (0, 0.35)], x, y, size, turn, 0.42) for tip in VEINS])
    veins = around.fill(*(stroke(foot, tip, 1.6, 0.6) for tip, foot in stem))
    around.lay(colour("#0b1030"), 0.6 * np.roll(blur(leaf, 5), 6, 0))
    around.lay(ramp(around.x, (x - size, left), (x + size, right)), leaf)
    around.lay(colour("#ffd9a0"), 0.5 * veins)


def boat(water: Canvas, canvas: Canvas, leaning: Field) -> None:
    """Set the folded boat on the water, with its shadow and its mirror image."""
    x, y = BOAT
    pieces = [
        (place(corners, x, y - 8, turn=math.radians(-4)), colour(code)) for corners, code in PAPER
    ]
    solid = canvas.fill(*(outline for outline, _ in pieces))
    shade = ramp(canvas.y, (y - 200, "#ffffff"), (y - 60, "#efe9f0"), (y + 20, "#b0a4b6"))
    paper = canvas.facets(pieces) / np.maximum(solid, 1 / 255) * shade
    near = np.maximum(water.y - y, 0)
    over = water.x + 9 * leaning, 2 * (y + 15) - water.y + (6 + 0.1 * near) * leaning
    seen = sample(solid, *over) * step(water.y, y + 6, y + 12) * np.exp(-near / 300)
    shadow = bump(np.hypot((water.x - x) / 170, (water.y - y - 10) / 34), 1)
    water.lay(colour("#0b1030"), 0.6 * shadow)
    water.lay(sample(paper, *over) * colour("#8f8fc0"), 0.72 * seen)
    canvas.lay(paper, solid)
    rim = np.clip(solid - np.roll(solid, (2, 2), (0, 1)), 0, 1)
    canvas.light(colour("#fff0d0"), 0.5 * rim)
    warm = step(canvas.x, x - 150, x + 100) * step(canvas.y, y, y - 120)
    canvas.light(colour("#ffb56b"), 0.16 * solid * warm)


def rain(canvas: Canvas, rng: np.random.Generator) -> None:
    """Let it rain, a little aslant, with a splash where a drop has just fallen."""
    for count, length, width, strength in (
        (260, 34, 1.1, 0.2),
        (90, 80, 1.8, 0.2),
        (16, 170, 3.4, 0.12),
    ):
        starts = rng.random((count, 2)) * (SIDE + 100, SIDE + 200) - (50, 200)
        ends = starts + np.array([(-0.12, 1)]) * length * rng.uniform(0.6, 1.4, (count, 1))
        streaks = [stroke(*ab, 0.4 * width, width) for ab in zip(starts, ends, strict=True)]
        canvas.light(colour("#dfe6ff"), strength * canvas.fill(*streaks))
    splashes = []
    for x, y, radius in RINGS:
        if radius < 50:
            high = 10 + (y - EDGE) * 0.05
            splashes.append(stroke((x, y), (x, y - high), 2.6, 0.8))
            splashes += [
                circle(x + high * rng.normal(0, 0.5), y - high * rng.uniform(0.6, 1.7), size)
                for size in rng.uniform(0.8, 2.4, 7)
            ]
    canvas.light(colour("#f3f1ff"), 0.6 * canvas.fill(*splashes))
