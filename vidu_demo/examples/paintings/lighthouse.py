"""A lighthouse at night, 9:16."""

import math

import numpy as np
from PIL import Image

from .brushes import (
    Canvas,
    Field,
    Outline,
    Point,
    blur,
    box,
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
    waves,
)

WIDTH, HEIGHT = 720, 1280
HORIZON = 900
SURF = 968  # the row where the sea breaks on the rock
X = 404  # the tower's middle
TOP, FOOT = 420, 806  # of the tower's wall
LAMP = X, 372
LIGHT = colour("#ffe3a3")

NIGHT = (
    (0, "#060b22"), (300, "#0d1c44"), (560, "#17406a"),
    (740, "#2f7086"), (850, "#7fa392"), (HORIZON, "#eab27e"),
)  # fmt: skip
ROCK = (
    (134, 980), (196, 908), (222, 852), (244, 815),
    (500, 808), (548, 852), (606, 915), (664, 980),
)  # fmt: skip
ROUND = ((-1, "#7f93b8"), (-0.55, "#e6e4e8"), (-0.2, "#d5d3da"), (0.5, "#5d6890"), (1, "#3b466e"))
"""How the tower's wall is shaded, from its left side, -1, to its right, 1."""

GALLERY = ((-50, 408), (50, 408), (44, 420), (32, 430), (-32, 430), (-44, 420))
DOME = (
    (-33, 346), (-29, 338), (-20, 326), (-6, 316),
    (6, 316), (20, 326), (29, 338), (33, 346),
)  # fmt: skip
SHIP = (
    ((-19, -3), (17, -3), (12, 3), (-14, 3)),
    ((-1, -38), (-1, -5), (-17, -5)),
    ((1, -34), (1, -5), (14, -5)),
)


def paint() -> Image.Image:
    """Paint the picture; it comes out the same each time."""
    rng = np.random.default_rng(7)
    canvas = Canvas(WIDTH, HEIGHT)
    heaven = canvas.part(0, 0, WIDTH, HORIZON)
    sky(heaven, rng)
    beam(heaven, rng)
    water = canvas.part(0, HORIZON, WIDTH, HEIGHT)
    leaning = waves(water, rng, HORIZON, 0.9)
    sea(water, canvas, leaning)
    ship(canvas.part(40, 840, 140, 920))
    solid = [
        *island(canvas.part(100, 780, 700, 990), rng),
        *cottage(canvas.part(220, 680, 400, 850)),
        *tower(canvas.part(X - 80, 260, X + 80, 830)),
    ]
    glow(heaven)
    mirror(water, canvas, leaning, canvas.fill(*solid))
    surf(canvas.part(80, SURF - 80, 720, SURF + 60), rng)
    return canvas.finish(rng, vignette=0.45)


def sky(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint the night over the last of the dusk, and the Milky Way."""
    canvas.lay(ramp(canvas.y + 30 * canvas.noise(rng, 900, 400, 2), *NIGHT))
    bend = 40 * canvas.noise(rng, 300, 300, 3)
    aside = (canvas.x - 150) * 0.80 + (canvas.y - 330) * 0.60 + bend
    dust = canvas.noise(rng, 240, 240, 6)
    band = bump(aside, 120) * step(canvas.y, 760, 350)
    core = bump(aside, 52) * step(canvas.y, 680, 300)
    canvas.light(colour("#5f6fc4"), 0.38 * band * step(dust, -0.7, 0.9))
    canvas.light(colour("#e0a9c0"), 0.40 * core * step(dust, -0.2, 1.0))
    canvas.lay(colour("#0a1533"), 0.5 * core * step(-dust, 0.1, 0.9))
    stars(canvas, rng, band)


def stars(canvas: Canvas, rng: np.random.Generator, band: Field) -> None:
    """Strew stars, most of them high and in the Milky Way's band."""
    places = rng.random((1500, 2)) * (WIDTH - 1, 800)
    x, y = places.T
    crowd = 0.22 + 0.78 * band[y.astype(int), x.astype(int)]
    places = places[rng.random(x.size) < crowd * (1 - y / 950)]
    sizes = 0.35 + 0.9 * rng.random(len(places)) ** 4
    dots = canvas.fill(*(circle(x, y, r) for (x, y), r in zip(places, sizes, strict=True)))
    canvas.light(colour("#e8efff"), 0.95 * dots)
    bright = canvas.fill(*(circle(x, y, 1.3) for x, y in places[sizes > 1.05]))
    canvas.light(colour("#a9c4ff"), 2.6 * blur(bright, 3.5))
    canvas.light(colour("#ffffff"), 0.9 * bright)


def beam(canvas: Canvas, rng: np.random.Generator) -> None:
    """Send the light out both ways, through air that is not quite clear."""
    air = 1 + 0.16 * canvas.noise(rng, 160, 90, 4)
    x, y = LAMP[0] - canvas.x, LAMP[1] - canvas.y
    for angle, strength in ((0.26, 1.0), (math.pi + 0.20, 0.8)):
        along = x * math.cos(angle) + y * math.sin(angle)
        aside = y * math.cos(angle) - x * math.sin(angle)
        out = np.maximum(along, 0)
        wide = 9 + 0.105 * out
        fade = strength * air / (1 + out / 330) * step(along, 0, 12)
        canvas.light(colour("#ffc765"), 0.46 * fade * step(np.abs(aside) / wide, 1.05, 0.55))
        canvas.light(colour("#fff0c8"), 0.50 * fade * bump(aside, 0.45 * wide))
    away = canvas.distance(*LAMP)
    canvas.light(colour("#ffcf86"), 0.55 * np.exp(-away / 80))
    canvas.light(colour("#ffb060"), 0.18 * np.exp(-away / 260))


def sea(water: Canvas, canvas: Canvas, leaning: Field) -> None:
    """Lay the sea, which mirrors the sky."""
    near = water.y - HORIZON
    calm = step(near, 0, 50)
    x = water.x + leaning * (3 + 0.1 * near) * calm
    y = HORIZON - 1 - near * 1.5 + leaning * (8 + near * 0.4) * calm
    tint = ramp(near, (0, "#c9d2d8"), (60, "#8aa6b8"), (380, "#43608a"))
    water.lay(sample(canvas.pixels[:, :HORIZON], x, y) * tint)
    water.lay(colour("#071830"), 0.62 * step(-leaning, -0.1, 0.7) * calm)
    water.light(colour("#5fa3b4"), 0.34 * step(leaning, 0.2, 0.75) * calm)


def ship(canvas: Canvas) -> None:
    """Let a small sailing ship pass far out, with a lantern at its stern."""
    canvas.lay(colour("#1d3a52"), 0.92 * canvas.fill(*(place(part, 92, 902) for part in SHIP)))
    lantern = canvas.fill(circle(84, 897, 1.6))
    canvas.light(colour("#ffb454"), 3 * blur(lantern, 4) + lantern)


def island(canvas: Canvas, rng: np.random.Generator) -> list[Outline]:
    """Raise a rock from the sea, crag before crag, each with a lit and a dark face."""
    outline = jagged(rng, ROCK, 7)
    pieces = [(outline, colour("#1c3350"))]
    for share in np.linspace(0, 1, 60):
        x = 400 + (125 + 140 * share) * rng.uniform(-1, 1)
        y = 818 + 140 * share + rng.uniform(-12, 12)
        wide, high = rng.uniform(26, 60), rng.uniform(20, 50)
        foot = y + rng.uniform(20, 42)
        apex = (x + rng.uniform(-10, 10), y - high * 0.5)
        heel = (x + rng.uniform(-14, 18), foot + 6)
        lit = ((x - wide, foot), (x - wide * 0.5, y - high * 0.2), apex, heel)
        dark = (apex, (x + wide * 0.45, y - high * 0.15), (x + wide, foot), heel)
        tone = (1.1 - 0.55 * share) * rng.uniform(0.75, 1.2) * (1.3 - x / 900)
        pieces += [
            (jagged(rng, dark, 3), colour("#16294a") * tone),
            (jagged(rng, lit, 3), colour("#3f627e") * tone),
        ]
    mask = canvas.fill(outline)
    canvas.lay(canvas.facets(pieces), mask)
    canvas.lay(colour("#0a1730"), 0.75 * mask * step(canvas.y, 890, SURF + 10))
    grass = mask * step(canvas.y + 6 * canvas.noise(rng, 14, 14, 2), 824, 812)
    canvas.lay(colour("#4b6a62"), 0.85 * grass)
    canvas.light(LIGHT, 0.4 * mask * np.exp(-canvas.distance(X, 800) / 50))
    return [outline]


def jagged(rng: np.random.Generator, corners: tuple[Point, ...], sway: float) -> Outline:
    """Break a polygon's edges three times, each time a little aside of their middles."""
    line = np.array(corners)
    for _ in range(3):
        middles = (line + np.roll(line, -1, 0)) / 2 + rng.normal(0, sway, line.shape)
        line = np.stack([line, middles], 1).reshape(-1, 2)
        sway /= 2
    return place(line)


def cottage(canvas: Canvas) -> list[Outline]:
    """Put the keeper's cottage beside the tower, with light in its windows."""
    left, right, eaves = 264, 356, 762
    wall, chimney = box(left, eaves, right, 816), box(left + 26, 706, left + 39, 730)
    roof = place([(left - 10, 765), (left + 10, 722), (right, 722), (right, 765)])
    canvas.lay(ramp(canvas.x, (left, "#b9c6d3"), (right, "#6a7d94")), canvas.fill(wall))
    canvas.lay(colour("#22304f"), canvas.fill(chimney))
    canvas.lay(ramp(canvas.y, (722, "#475a86"), (eaves, "#27345a")), canvas.fill(roof))
    panes = canvas.fill(*(box(x, 778, x + 15, 797) for x in (left + 16, left + 52)))
    bars = canvas.fill(*(box(x + 6.7, 778, x + 8.3, 797) for x in (left + 16, left + 52)))
    canvas.light(colour("#ff9d3c"), 1.6 * blur(panes, 9))
    canvas.lay(colour("#ffd98c"), panes)
    canvas.lay(colour("#8a6238"), bars)
    return [wall, chimney, roof]


def tower(canvas: Canvas) -> list[Outline]:
    """Build the tower: a banded wall with windows and a door, and the lamp on top."""

    def half(y: Field) -> Field:
        return 33 + 23 * np.clip((y - TOP) / (FOOT - TOP), 0, 1) ** 1.5

    rows = np.arange(TOP, FOOT + 1, 4, dtype=np.float32)
    left, right = np.stack([X - half(rows), rows], 1), np.stack([X + half(rows), rows], 1)
    wall = [np.concatenate([left, right[::-1]]), ellipse(X, FOOT, 56, 7)]
    mask = canvas.fill(*wall)
    turn = np.clip((canvas.x - X) / half(canvas.y), -1, 1)
    height = canvas.y - TOP - 7 * np.sqrt(1 - turn**2)  # a band's edge bends around the tower
    band = (FOOT - TOP) / 5
    red = step(np.abs(height % (2 * band) - 1.5 * band), band / 2 + 0.7, band / 2 - 0.7)
    canvas.lay(colour("#efe9df"), mask)
    canvas.lay(colour("#d2463f"), mask * red)
    canvas.lay(canvas.pixels * ramp(turn, *ROUND), mask)
    canvas.light(colour("#ffcf86"), 0.25 * mask * np.exp(-height / 50))
    windows = (512, 604, 690)
    panes = canvas.fill(*(ellipse(X - 6, y, 5, 9) for y in windows))
    canvas.lay(colour("#33406a"), canvas.fill(*(ellipse(X - 6, y, 7.5, 11.5) for y in windows)))
    canvas.light(colour("#ff9d3c"), 1.6 * blur(panes, 7))
    canvas.lay(colour("#ffd688"), panes)
    door = canvas.fill(ellipse(X + 2, 772, 13, 16), box(X - 11, 772, X + 15, 808))
    canvas.lay(colour("#2a2440"), door)
    return [*wall, *lantern(canvas, turn)]


def lantern(canvas: Canvas, turn: Field) -> list[Outline]:
    """Put the lamp behind its panes, under a dome, with a gallery around it."""
    room = place([(-25, 344), (25, 344), (27, 404), (-27, 404)], X)
    bright = ramp(np.abs(canvas.x - X), (0, "#fffbe8"), (16, "#ffe09a"), (27, "#e89a45"))
    canvas.lay(bright, canvas.fill(room))
    dome = place(DOME, X)
    iron = [
        dome,
        circle(X, 312, 6),
        stroke((X, 310), (X, 280), 3, 1),
        *(stroke((X + x, 344), (X + x * 1.06, 406), 2.4) for x in (-25, -9, 9, 25)),
        place(GALLERY, X),
        stroke((X - 52, 405), (X + 52, 405), 6),
        stroke((X - 50, 386), (X + 50, 386), 2.4),
        *(stroke((X + x, 386), (X + x, 406), 1.6) for x in range(-49, 50, 14)),
    ]
    canvas.lay(colour("#1a2340"), canvas.fill(*iron))
    canvas.light(colour("#7f9bd0"), 0.5 * canvas.fill(dome) * step(-turn, 0.1, 0.9))
    return [room, *iron]


def glow(canvas: Canvas) -> None:
    """Let the lamp outshine what stands before it."""
    away = canvas.distance(*LAMP)
    canvas.light(colour("#fff1c4"), np.exp(-away / 17))
    canvas.light(LIGHT, 0.5 * np.exp(-away / 60))


def mirror(water: Canvas, canvas: Canvas, leaning: Field, solid: Field) -> None:
    """Mirror the rock and what stands on it, and lay the lamp's path."""
    near = np.maximum(water.y - SURF, 0)
    x = water.x + leaning * (5 + near * 0.12)
    y = SURF - near * 1.25 + leaning * (8 + near * 0.35)
    below = step(water.y, SURF - 1, SURF + 1)
    mask = sample(solid, x, y) * below * np.exp(-near / 330)
    water.lay(sample(canvas.pixels, x, y) * colour("#5d7396"), 0.85 * mask)
    path = bump(water.x - X, 30 + near * 0.34) * below * np.exp(-near / 420)
    water.light(colour("#ffc468"), path * (0.12 + 1.3 * step(leaning, 0.05, 0.5)))


def surf(canvas: Canvas, rng: np.random.Generator) -> None:
    """Break the sea white on the rock's foot, in lines of foam and bursts of spray."""
    foam = canvas.noise(rng, 60, 9, 5)
    swell = 6 * hills(rng, (canvas.size[0], 1), 70, 1, 3)
    along = step(np.abs(canvas.x - 400), 305, 225)
    for row, (drop, thick, strength) in enumerate(((-2, 6, 1.0), (13, 4, 0.55), (27, 3, 0.3))):
        line = bump(canvas.y - SURF - drop - swell * (1 + 0.6 * row), thick)
        torn = step(foam, 0.4 * row - 0.6, 0.4 * row + 0.5)
        canvas.lay(colour("#d6e8ea"), strength * along * line * torn)
    drops = []
    for x, y, reach in ((172, 968, 46), (636, 972, 34)):
        for angle, far in zip(rng.normal(0, 0.55, 130), reach * rng.random(130), strict=True):
            at = x + 1.5 * far * math.sin(angle), y - far * math.cos(angle)
            drops.append(circle(*at, rng.uniform(0.3, 1.1)))
    spray = canvas.fill(*drops)
    canvas.lay(colour("#e4f0f0"), 0.8 * np.clip(0.8 * spray + 1.5 * blur(spray, 5), 0, 1))
