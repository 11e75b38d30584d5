"""Polls against lag, on simulated task lengths: our pacing compared with fixed loops.

First by arithmetic, over thousands of tasks in groups, as videos of one length and resolution are.
A group's median lies anywhere between 30 and 300 s (evenly in its logarithm), and its tasks spread
around that median. The API says neither percent nor seconds left. Our own pacing meets every task
twice: cold, and after 50 earlier waits of the same group, which it timed itself, late as it was.

Then `client.watch` beside a loop of 3 s, both over HTTP to the simulator, on a simulated clock.
Each length is shifted by up to half of the loop's step, so that no loop happens to hit the end.

Writes `docs/pacing.md` and `docs/pacing.svg`.

    python -m benchmarks.pacing
"""

import math
import random
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from statistics import fmean, quantiles

from vidu_demo import Task, TaskStatus, VideoRequest, ViduClient
from vidu_demo.api.pacing import FIRST_WAIT, Pacer
from vidu_demo.simulator import Simulator

SEED = 1
GROUPS, TASKS, PAST = 150, 20, 50
MEDIANS = (30.0, 300.0)
SPREADS = (0.15, 0.22, 0.30, 0.50)
SPREAD = 0.22
QUEUED_SHARE = 0.15
LOOPS = (0.1, 0.5, 1.0, 3.0, 5.0, 6.0, 20.0)
WAVERING = {6.0: 1.5}
"""One known client waits 6 s ± 1.5."""

HTTP_TASKS, HTTP_LENGTHS = 20, (20, 60, 300)
LOOP_SECONDS = 3.0
PICTURE = "https://example.com/picture.jpg"  # the simulator fetches nothing

DOCS = Path(__file__).parents[1] / "docs"

Wait = tuple[int, float]
"""Polls of one task, and seconds from its end to the answer that reported it."""


@dataclass(frozen=True)
class Figures:
    """What a policy did over all tasks: mean polls, mean lateness and its 95th percentile."""

    polls: float
    lag: float
    lag95: float

    @classmethod
    def of(cls, waits: Sequence[Wait]) -> "Figures":
        """Sum up."""
        lags = [lag for _, lag in waits]
        return cls(fmean(polls for polls, _ in waits), fmean(lags), quantiles(lags, n=20)[-1])


@dataclass(frozen=True)
class World:
    """Tasks of many groups, and how our pacing did on them."""

    lengths: list[float]
    cold: Figures
    learned: Figures

    def fixed_polls(self, lag: float) -> float:
        """Count the mean polls of the fixed interval with a mean lag.

        An interval is late by half of itself and polls once for each time it fits, and half a
        time more: exact where a task's end falls anywhere within an interval.
        """
        return fmean(self.lengths) / (2 * lag) + 0.5

    def ratio(self, ours: Figures) -> float:
        """Compare our polls with those of the fixed interval that has the same mean lag."""
        return ours.polls / self.fixed_polls(ours.lag)


def paced(
    length: float, past: Sequence[float], rng: random.Random, queued: float = 0.0
) -> tuple[int, float]:
    """Follow one task with our pacing; for a share of its time it is queued."""
    pacer = Pacer("task", rng.random, past)
    waited = FIRST_WAIT
    for polls in count(1):
        if waited >= length:
            return polls, waited - length
        status = TaskStatus.QUEUED if waited < queued * length else TaskStatus.PROCESSING
        waited += pacer.answered(Task("task", status), waited).wait or 0.0
    raise AssertionError


def fixed(length: float, interval: float, rng: random.Random) -> tuple[int, float]:
    """Follow one task with a fixed loop, in its favour: it waits before its first poll."""
    wavers = WAVERING.get(interval, 0.0)
    waited = 0.0
    for polls in count(1):
        waited += interval + rng.uniform(-wavers, wavers)
        if waited >= length:
            return polls, waited - length
    raise AssertionError


def live(spread: float, seed: int = SEED, groups: int = GROUPS, queued: float = 0.0) -> World:
    """Draw random tasks and follow each of them cold and after learning."""
    # Two sources, so that every policy and every setting meets the same tasks.
    rng, jitter = random.Random(seed), random.Random(seed + 1)
    lengths, cold, learned = [], [], []
    for _ in range(groups):
        median = math.exp(rng.uniform(*map(math.log, MEDIANS)))
        past: list[float] = []
        for number in range(PAST + TASKS):
            length = median * math.exp(rng.gauss(0, spread))
            if number < PAST:
                past.append(length + paced(length, past, jitter, queued)[1])
            else:
                lengths.append(length)
                cold.append(paced(length, (), jitter, queued))
                learned.append(paced(length, past, jitter, queued))
    return World(lengths, Figures.of(cold), Figures.of(learned))


def loops(lengths: Sequence[float]) -> dict[float, Figures]:
    """Follow the same tasks with each of the fixed loops."""
    rng = random.Random(SEED + 2)
    return {
        interval: Figures.of([fixed(length, interval, rng) for length in lengths])
        for interval in LOOPS
    }


def name_of(interval: float) -> str:
    """Name a fixed loop."""
    wavers = f" ± {WAVERING[interval]:g}" if interval in WAVERING else ""
    return f"{interval:g} s{wavers}"


def report() -> tuple[str, str]:
    """Run everything.

    Returns:
        The page and the plot.
    """
    worlds = {spread: live(spread) for spread in SPREADS}
    world = worlds[SPREAD]
    rivals = loops(world.lengths)
    ours = {"ours, cold": world.cold, f"ours, after {PAST} waits": world.learned}
    policies = {f"every {name_of(interval)}": figures for interval, figures in rivals.items()}
    rows = [
        f"| {name} | {it.polls:.1f} | {it.lag:.2f} | {it.lag95:.2f} | "
        f"{world.fixed_polls(it.lag):.1f} | {world.ratio(it):.2f} |"
        for name, it in ours.items()
    ] + [
        f"| {name} | {it.polls:.1f} | {it.lag:.2f} | {it.lag95:.2f} | | |"
        for name, it in policies.items()
    ]
    queued = live(SPREAD, queued=QUEUED_SHARE)
    others = [live(SPREAD, seed=seed, groups=GROUPS // 3) for seed in range(10, 14)]
    settings = [(f"{spread:.0%}", worlds[spread]) for spread in SPREADS]
    settings += [(f"{SPREAD:.0%}, queued for {QUEUED_SHARE:.0%} of its time", queued)]
    settings += [(f"{SPREAD:.0%}, other tasks", other) for other in others]
    variants = [
        f"| {name} | {it.ratio(it.cold):.2f} | {it.cold.lag95:.1f} | "
        f"{it.ratio(it.learned):.2f} | {it.learned.lag95:.1f} |"
        for name, it in settings
    ]
    page = PAGE.format(
        tasks=len(world.lengths),
        groups=GROUPS,
        past=PAST,
        spread=f"{SPREAD:.0%}",
        rows="\n".join(rows),
        variants="\n".join(variants),
        http_tasks=HTTP_TASKS,
        http="\n".join(http_rows()),
        cold=world.ratio(world.cold),
        learned=world.ratio(world.learned),
        half=crossing([(spread, it.ratio(it.learned)) for spread, it in worlds.items()]),
    )
    return page, plot(world, rivals)


class SimulatedTime:
    """A clock that only moves when sleeping."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def clock(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait, at once."""
        self.now += seconds


def fixed_loop(client: ViduClient, time: SimulatedTime, task_id: str) -> Iterator[Task]:
    """Poll every three seconds."""
    task = Task(task_id)
    while not task.finished:
        time.sleep(LOOP_SECONDS)
        task = client.get(task_id)
        yield task


def over_http(length: float, *, in_loop: bool, speaks_progress: bool) -> tuple[float, float]:
    """Follow tasks of about one length over HTTP: mean polls and mean lag."""
    rng = random.Random(SEED)
    lengths = [length + LOOP_SECONDS * (rng.random() - 0.5) for _ in range(HTTP_TASKS)]
    time = SimulatedTime()
    polls, lags = [], []
    ahead = iter(lengths)
    with Simulator(seconds=lambda _: next(ahead), clock=time.clock, clip=b"clip") as simulator:
        simulator.speaks_progress = speaks_progress
        client = ViduClient(
            simulator.key, simulator.url, clock=time.clock, sleep=time.sleep, random=rng.random
        )
        for exact in lengths:
            task_id = client.submit(VideoRequest(images=[PICTURE], prompt="slow push-in"))
            start = time.now
            watching = fixed_loop(client, time, task_id) if in_loop else client.watch(task_id)
            *_, last = watching
            assert last.video_url
            polls.append(simulator.polls_of[task_id])
            lags.append(time.now - start - exact)
        client.close()
    return fmean(polls), fmean(lags)


def http_rows() -> list[str]:
    """Follow tasks of each length with the loop and with `client.watch`."""
    rows = []
    for speaks in (True, False):
        for length in HTTP_LENGTHS:
            polls, lag = over_http(length, in_loop=True, speaks_progress=speaks)
            our_polls, our_lag = over_http(length, in_loop=False, speaks_progress=speaks)
            rows.append(
                f"| {length} s | {'given' if speaks else 'none'} | {polls:.1f} | {lag:.2f} | "
                f"{our_polls:.1f} ({our_polls / polls:.2f}) | {our_lag:.2f} ({our_lag / lag:.2f}) |"
            )
    return rows


def crossing(points: Sequence[tuple[float, float]]) -> str:
    """Find the spread at which the ratio reaches a half."""
    for (low, below), (high, above) in pairwise(points):
        if below <= 0.5 < above:
            return f"{low + (0.5 - below) / (above - below) * (high - low):.0%}"
    return "the widest" if points[-1][1] <= 0.5 else "none"


PAGE = """\
# When to poll: polls against lag

![Polls per task against mean lag](pacing.svg)

`python -m benchmarks.pacing` generates this page and the plot, with a fixed seed.

{tasks} tasks in {groups} groups: each group has a median between 30 and 300 s, and its tasks
spread around that by {spread}. The API reports no percentage and no time left here. “Fixed” is the
fixed interval with the same mean lag as ours; that lag is half the interval.

| policy | polls per task | mean lag, s | 95 % within, s | polls of fixed | ours / fixed |
|---|--:|--:|--:|--:|--:|
{rows}

How the ratio and the lag (95 % within, s) depend on spread, queueing and the seed:

| spread | cold: ours / fixed | lag | after {past} waits: ours / fixed | lag |
|---|--:|--:|--:|--:|
{variants}

`client.watch` compared with a 3 s loop, both over HTTP to the simulator, averaged over {http_tasks}
tasks; in brackets, `client.watch` / loop:

| task | percent and eta | loop: polls | lag, s | `client.watch`: polls | lag, s |
|---|---|--:|--:|--:|--:|
{http}

**Results.** After {past} waits we poll {learned:.2f} times as often as the fixed interval with the
same lag; cold, {cold:.2f} times. Some of the cold polls are for the page: the one after two seconds
shows whether the task is queued. How much learning saves depends on how similar the tasks in a
group are: up to about {half} spread it saves half, beyond that less.

**Assumed, not measured.** The spread is a guess: the same model computes the same number of frames
each time, so only machine load and the queue vary. We found no public measurements of this model's
waits. What an installation really saves depends on its own waits, which are in its ledger.
"""


def plot(world: World, rivals: dict[float, Figures]) -> str:
    """Draw the plot as SVG; both axes are logarithmic, and the curve is every fixed interval."""
    left, right, top, bottom = 70, 690, 20, 370
    lags, polls = (0.04, 15.0), (3.0, 2000.0)

    def place(axis: tuple[float, float], ends: tuple[int, int]) -> Callable[[float], float]:
        low, high = map(math.log, axis)
        return lambda value: ends[0] + (math.log(value) - low) / (high - low) * (ends[1] - ends[0])

    x, y = place(lags, (left, right)), place(polls, (bottom, top))
    parts = [SVG_HEAD]
    for tick in (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10):
        at = x(tick)
        parts.append(f'<path class="grid" d="M{at:.1f} {top}V{bottom}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    for tick in (5, 10, 20, 50, 100, 200, 500, 1000):
        at = y(tick)
        parts.append(f'<path class="grid" d="M{left} {at:.1f}H{right}"/>')
        parts.append(f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{tick}</text>')
    curve = [lags[0] * (lags[1] / lags[0]) ** (step / 60) for step in range(61)]
    curve = curve[bisect_left(curve, 0.045) :]
    line = " ".join(f"{x(lag):.1f},{y(world.fixed_polls(lag)):.1f}" for lag in curve)
    parts.append(f'<polyline class="fixed" points="{line}"/>')
    dots = [("fixed", name_of(at), it, (10, -6)) for at, it in rivals.items()]
    dots[LOOPS.index(5.0)] = ("fixed", "5 s", rivals[5.0], (2, -11))
    dots += [("cold", "ours, cold", world.cold, (2, 38))]
    dots += [("ours", f"ours, after {PAST} waits", world.learned, (-12, 16))]
    for kind, name, it, (dx, dy) in dots:
        at, up = x(it.lag), y(it.polls)
        anchor = "end" if kind == "ours" else "start"
        parts.append(f'<circle class="{kind}" cx="{at:.1f}" cy="{up:.1f}" r="5"/>')
        parts.append(
            f'<text class="{kind}" x="{at + dx:.1f}" y="{up + dy:.1f}" '
            f'text-anchor="{anchor}">{name}</text>'
        )
    middle, centre = (left + right) / 2, (top + bottom) / 2
    parts.append(
        f'<text x="{middle:g}" y="{bottom + 40}" text-anchor="middle">'
        "mean lag after the end, s</text>"
    )
    parts.append(
        f'<text transform="translate(20 {centre:g}) rotate(-90)" text-anchor="middle">'
        "polls per task</text>"
    )
    return "\n".join([*parts, "</svg>", ""])


SVG_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 420" font-family="system-ui, sans-serif"
 font-size="13">
<title>Polls per task against mean lag: fixed loops, and ours cold and learned</title>
<style>
text { fill: #444 } .grid { stroke: #e6e6ea; fill: none }
polyline.fixed { stroke: #9a9aa8; stroke-width: 1.5; fill: none } circle.fixed { fill: #77778a }
circle.cold { fill: #d9822b } text.cold { fill: #a65e14; font-weight: 600 }
circle.ours { fill: #2463d4 } text.ours { fill: #2463d4; font-weight: 600 }
</style>
<rect width="720" height="420" fill="#fff"/>"""


def main() -> None:
    """Write the page and the plot, and print the page."""
    page, drawing = report()
    DOCS.mkdir(exist_ok=True)
    (DOCS / "pacing.md").write_text(page)
    (DOCS / "pacing.svg").write_text(drawing)
    print(page)


if __name__ == "__main__":
    main()
