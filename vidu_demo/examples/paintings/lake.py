"""An evening on a mountain lake, 16:9."""

import numpy as np
from PIL import Image

from .brushes import (
    Canvas,
    Field,
    Numbers,
    Outline,
    bump,
    circle,
    colour,
    ellipse,
    hills,
    place,
    ramp,
    sample,
    step,
    stroke,
    under,
    waves,
)

WIDTH, HEIGHT = 1280, 720
SHORE = 452  # the row where the far shore meets the water
SUN = 800, 318
BOAT = 560, 562
WARM = colour("#ffb169")

DUSK = (
    (0, "#22305f"), (110, "#4d4a83"), (210, "#a2678f"),
    (300, "#ec8d7c"), (370, "#ffc08a"), (430, "#ffdca6"),
)  # fmt: skip
RANGES = (  # the foot's row, the skyline's heights above it, the colours of tops and feet
    (372, (70, 128, 88, 172, 96, 60, 36, 112, 62, 46, 118), "#bd7a8d", "#f6a982"),
    (410, (96, 58, 112, 70, 28, 18, 34, 76, 52, 98, 66), "#8f5d7d", "#e0917c"),
    (434, (84, 62, 34, 66, 44, 20, 16, 26, 62, 40, 92), "#5b4871", "#b07673"),
)
WOODS = ((-8, 34, 30, "#4a3d63", 0.42), (-5, 46, 18, "#2c2b4d", 0.26))
"""The shore's pines, row by row: foot, height, rise to the sides, colour and glow."""

FIRS = ((34, 560), (128, 400), (-40, 470), (208, 250), (1232, 430), (1296, 540), (1160, 250))
HULL = (
    (-64, -14), (-50, -11), (0, -9), (48, -12), (68, -20),
    (58, -4), (42, 2), (-48, 2), (-59, -3),
)  # fmt: skip
ROWER = (
    (-17, -9), (-15, -24), (-11, -36), (-4, -41), (4, -38), (7, -30),
    (22, -25), (34, -26), (34, -22), (20, -20), (8, -22), (9, -9),
)  # fmt: skip
WING = ((0, 0), (7, -5), (15, -4), (8, -3), (1, 3))
BIRDS = ((930, 196, 1), (962, 180, 0.8), (990, 201, 0.9), (1026, 188, 0.7), (905, 215, 0.7))


def paint() -> Image.Image:
    """Paint the picture; it comes out the same each time."""
    rng = np.random.default_rng(4)
    canvas = Canvas(WIDTH, HEIGHT)
    land = canvas.part(0, 0, WIDTH, SHORE + 8)
    sky(land, rng)
    clouds(land, rng)
    for foot, heights, top, bottom in RANGES:
        mountains(land, rng, foot, foot - np.array(heights, np.float32), top, bottom)
    forest(land, rng)
    water = canvas.part(0, SHORE, WIDTH, HEIGHT)
    leaning = waves(water, rng, SHORE, 4)
    lake(water, canvas, leaning)
    haze(canvas.part(0, SHORE - 60, WIDTH, SHORE + 50), rng)
    birds(canvas.part(880, 160, 1060, 230))
    boat(water, leaning)
    banks(canvas, rng)
    return canvas.finish(rng, vignette=0.25)


def sky(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint the dusk, the sun with its glow, and the first stars."""
    canvas.lay(ramp(canvas.y + 26 * canvas.noise(rng, 1500, 300, 2), *DUSK))
    away = canvas.distance(*SUN)
    canvas.light(colour("#ff9a5c"), 0.75 * np.exp(-away / 210))
    canvas.light(colour("#ffd9a0"), 0.8 * np.exp(-away / 60))
    canvas.lay(colour("#fff3d4"), canvas.fill(circle(*SUN, 42)))
    canvas.light(colour("#ffe9c0"), 0.9 * np.exp(-np.maximum(away - 42, 0) / 14))
    stars = rng.random((46, 3)) * (WIDTH, 170, 0.6) + (0, 0, 0.5)
    canvas.light(colour("#fff4e0"), 0.5 * canvas.fill(*(circle(*star) for star in stars)))


def clouds(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw thin clouds, brighter towards the sun."""
    band = step(canvas.y, 40, 150) * step(canvas.y, 350, 270)
    thick = step(canvas.noise(rng, 520, 44, 6), 0.35, 1.3) * band
    canvas.lay(colour("#74508a"), 0.45 * thick)
    # The sun is low and lights the undersides.
    lit = np.clip(thick - 0.7 * np.roll(thick, -6, axis=0), 0, 1)
    canvas.light(colour("#ff9d6b"), lit * (0.4 + 1.1 * np.exp(-canvas.distance(*SUN) / 420)))


def mountains(
    canvas: Canvas, rng: np.random.Generator, foot: float, peaks: Numbers, top: str, bottom: str
) -> None:
    """Raise a range, with faces that turn to the sun and from it, and mist at its foot."""
    line = skyline(rng, peaks)
    mask = canvas.fill(under(line, HEIGHT))
    deep = np.maximum(canvas.y - line, 0)
    canvas.lay(ramp(canvas.y, (peaks.min(), top), (foot + 25, bottom)), mask)
    slope = np.gradient(np.convolve(np.pad(line, 8, "edge"), np.ones(17) / 17, "valid"))
    folds = np.gradient(np.abs(canvas.noise(rng, 85, 150, 3)), axis=1)
    tilt = slope.astype(np.float32) * np.exp(-deep / 45) + 27 * folds * step(deep, 0, 45)
    toward = tilt * np.tanh((SUN[0] - canvas.x) / 120)
    fade = mask * np.exp(-deep / 90)
    canvas.light(colour("#ffb584"), 0.40 * step(toward, 0.05, 0.7) * fade)
    canvas.lay(colour("#4a3d70"), 0.36 * step(-toward, 0.05, 0.7) * fade)
    mist(canvas, rng, foot, mask)
    canvas.light(WARM, 0.36 * np.exp(-canvas.distance(*SUN) / 130) * mask)


def skyline(rng: np.random.Generator, line: Numbers) -> Numbers:
    """Make a few heights jagged, by halving the distances between them, into one a column."""
    sway = 26.0
    while line.size < WIDTH:
        middles = (line[1:] + line[:-1]) / 2 + sway * rng.uniform(-0.5, 0.5, line.size - 1)
        line = np.insert(line, np.arange(1, line.size), middles)
        sway *= 0.56
    places = np.linspace(0, line.size - 1, WIDTH)
    return np.interp(places, np.arange(line.size), line).astype(np.float32)


def mist(canvas: Canvas, rng: np.random.Generator, foot: float, mask: Field) -> None:
    """Let mist rise to a little above a row."""
    thick = step(canvas.y + 26 * canvas.noise(rng, 420, 40, 4), foot - 42, foot + 26)
    canvas.lay(colour("#ffd0a6"), 0.62 * thick * mask)


def forest(canvas: Canvas, rng: np.random.Generator) -> None:
    """Stand pines along the far shore, the nearer row darker."""
    columns = np.arange(WIDTH, dtype=np.float32)
    rise = step(np.abs(columns - 730), 150, 640)
    for foot, tall, climb, code, glow in WOODS:
        swell = 10 * np.abs(hills(rng, (WIDTH, 1), 260, 1, 3)[0])
        line = SHORE + foot - swell - climb * rise
        tallest = tall * (0.5 + 0.7 * rise)
        trees = [
            pine(rng, column, line[column] + 4, tallest[column] * rng.uniform(0.45, 1))
            for column in rng.integers(0, WIDTH, 150)
        ]
        mask = canvas.fill(under(line, HEIGHT), *trees)
        canvas.lay(colour(code), mask)
        canvas.light(WARM, glow * np.exp(-np.abs(canvas.x - SUN[0]) / 170) * mask)
        mist(canvas, rng, SHORE + 18, mask)


def pine(rng: np.random.Generator, x: float, foot: float, height: float) -> Outline:
    """Outline a far pine: tiers, the lower the wider."""
    tiers = int(np.clip(height / 7, 6, 16))
    shares = np.arange(1, tiers + 1) / tiers
    y = height * (0.95 * shares - 1)
    sides = []
    for side in (-1, 1):
        reach = side * height * 0.23 * shares**0.85 * rng.uniform(0.7, 1.1, tiers)
        tips = np.stack([reach, y + height * rng.uniform(0.007, 0.035, tiers)], 1)
        notches = np.stack([reach * 0.42, y - height * 0.012], 1)
        sides.append(np.stack([tips, notches], 1).reshape(-1, 2))
    trunk = height * np.array([(-0.018, 0), (0.018, 0)])
    return place([(0, -height), *sides[0], *trunk, *sides[1][::-1]], x, foot)


def lake(water: Canvas, canvas: Canvas, leaning: Field) -> None:
    """Lay the water: what is above it upside down, broken by the waves, and the sun's path."""
    near = water.y - SHORE
    calm = step(near, 0, 60)
    x = water.x + leaning * (2 + near * 0.035) * calm
    y = SHORE - 1 - near * 1.18 + leaning * (3 + near * 0.20) * calm
    tint = ramp(near, (0, "#fff2ec"), (90, "#f2cfc2"), (170, "#c9a6a8"), (268, "#6f6f9c"))
    water.lay(sample(canvas.pixels, x, y) * tint)
    path = bump(water.x - SUN[0], 24 + near * 0.30)
    crests = step(leaning + 0.4 * np.exp(-near / 50), 0.28, 0.62)
    water.light(colour("#ffb877"), path * (0.16 + 1.1 * crests) * np.exp(-near / 300))
    water.light(colour("#ffb58a"), 0.16 * crests * step(near, 20, 120))
    edge = bump(water.x - SUN[0], 330) * bump(near - 2, 2.5)
    water.light(colour("#ffd9a8"), 0.6 * edge)


def haze(canvas: Canvas, rng: np.random.Generator) -> None:
    """Let mist drift over the water's far edge."""
    wisps = step(canvas.noise(rng, 380, 26, 5), -0.35, 0.9)
    near = bump(canvas.x - SUN[0], 420)
    canvas.lay(colour("#f7b796"), wisps * bump(canvas.y - SHORE + 6, 17) * (0.30 + 0.45 * near))


def birds(canvas: Canvas) -> None:
    """Let birds fly home."""
    wings = [
        place(np.array(WING) * side, x, y, size)
        for x, y, size in BIRDS
        for side in ((1, 1), (-1, 0.8))
    ]
    canvas.lay(colour("#3b2c57"), 0.9 * canvas.fill(*wings))


def boat(water: Canvas, leaning: Field) -> None:
    """Row a boat over the lake, with its mirror image and its wake."""
    x, y = BOAT
    hat = (ellipse(1, -50, 10, 1.9), ellipse(1, -52, 5.5, 4))
    oar = (stroke((33, -24), (-26, 4), 2, 2.4), ellipse(-31, 5, 9, 2.4))
    parts = (HULL, ROWER, ellipse(1, -46, 5.6, 6.4), *hat, *oar)
    solid = water.fill(*(place(part, x, y, 1.25) for part in parts))
    mirrored = 2 * (y + 1) - water.y + 6 * leaning - SHORE
    shade = sample(solid, water.x + 6 * leaning, mirrored) * step(water.y, y - 3, y)
    water.lay(colour("#241f45"), 0.85 * shade)
    behind = np.maximum(x + 60 - water.x, 0)
    for side in (-1, 1):
        aside = water.y - y - side * (2 + 0.10 * behind) - 3 * leaning
        ridge = bump(aside, 1.2 + 0.012 * behind) * np.exp(-behind / 190)
        water.light(colour("#ffcf9f"), 0.75 * ridge * step(behind, 0, 60))
    water.lay(colour("#171733"), solid)
    water.light(WARM, 0.9 * np.clip(solid - np.roll(solid, (2, -2), (0, 1)), 0, 1))


def banks(canvas: Canvas, rng: np.random.Generator) -> None:
    """Frame the view with dark banks, reeds and tall firs."""
    columns = np.arange(WIDTH, dtype=np.float32)
    rise = 96 * step(columns, 260, -40) + 60 * step(columns, 1010, 1290)
    dip = 26 * step(columns, 230, 330) * step(columns, 1080, 980)
    line = 700 - rise + dip + 5 * hills(rng, (WIDTH, 1), 60, 1, 4)[0]
    reeds = [
        stroke((x, line[x] + 6), (x + rng.normal(0, 7), line[x] - rng.uniform(6, 30)), 2.2, 0.5)
        for x in rng.integers(0, WIDTH, 420)
    ]
    firs = [
        branch
        for x, height in FIRS
        for branch in fir(rng, x, line[np.clip(x, 0, WIDTH - 1)] + 8, height)
    ]
    mask = canvas.fill(under(line, HEIGHT), *reeds, *firs)
    canvas.lay(ramp(canvas.y, (100, "#251f45"), (HEIGHT, "#0d1028")), mask)
    rim = np.clip(mask - np.roll(mask, (1, 2), (0, 1)), 0, 1)
    canvas.light(WARM, 0.35 * rim * step(np.abs(canvas.x - SUN[0]), 700, 300))


def fir(rng: np.random.Generator, x: float, foot: float, height: float) -> list[Outline]:
    """Outline a near conifer: a trunk, and branches that sag under their twigs."""
    parts = [stroke((x, foot), (x, foot - height), height * 0.026, 1)]
    along = np.linspace(0, 1, 7)
    for share in np.arange(0.02, 0.91, 0.0125):
        for side in (-1, 1):
            reach = height * (0.012 + 0.19 * share**0.75) * rng.uniform(0.5, 1.1)
            sag = reach * rng.uniform(0.28, 0.5)
            upper = np.stack([side * reach * along, sag * along**0.8], 1)
            twigs = np.where(np.arange(7) % 2, rng.uniform(1.2, 3.2, 7), 0.5) * (1 - along**3)
            lower = upper + np.stack(
                [-side * reach * 0.06 + 0 * along, (1.5 + 0.06 * reach) * twigs], 1
            )
            top = foot - height * (1 - share) + rng.uniform(-3, 3)
            parts.append(place([*upper, *lower[::-1]], x, top))
    return parts
