"""Polls made and lag after completion: a fixed 3-second loop beside `client.watch`.

Both ask the simulator over HTTP about tasks of 20, 60 and 300 s, on a simulated clock, once with
the percent and seconds left that the simulator gives, once without. Each length is shifted
by up to half of the loop's step, so that no loop happens to hit the end: figures are means.

    python -m benchmarks.polling
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from vidu_demo import VideoRequest, ViduClient
from vidu_demo.api.task import Task
from vidu_demo.simulator import Simulator

SEED = 1
TASKS = 20
LENGTHS = (20, 60, 300)
FIXED_SECONDS = 3.0
PICTURE = "https://example.com/picture.jpg"  # the simulator fetches nothing


class SimulatedTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def clock(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait, at once."""
        self.now += seconds


@dataclass(frozen=True)
class Figures:
    """Means over the tasks of one length."""

    polls: float
    lag: float


def fixed_loop(client: ViduClient, time: SimulatedTime, task_id: str) -> Iterator[Task]:
    """Ask every three seconds."""
    task = Task(task_id)
    while not task.finished:
        time.sleep(FIXED_SECONDS)
        task = client.get(task_id)
        yield task


def measure(length: float, *, fixed: bool, speaks_progress: bool) -> Figures:
    """Follow some tasks of one length."""
    rng = random.Random(SEED)
    lengths = [length + FIXED_SECONDS * (rng.random() - 0.5) for _ in range(TASKS)]
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
            watching = fixed_loop(client, time, task_id) if fixed else client.watch(task_id)
            *_, last = watching
            assert last.video_url
            polls.append(simulator.polls_of[task_id])
            lags.append(time.now - start - exact)
        client.close()
    return Figures(fmean(polls), fmean(lags))


def main() -> None:
    """Print the table."""
    print(f"Means over {TASKS} tasks a line, in simulated seconds; watch / loop in brackets.\n")
    print("| task | percent and eta | loop: polls | lag s | watch: polls | lag s |")
    print("|---|---|--:|--:|--:|--:|")
    for speaks in (True, False):
        for length in LENGTHS:
            loop = measure(length, fixed=True, speaks_progress=speaks)
            watch = measure(length, fixed=False, speaks_progress=speaks)
            print(
                f"| {length} s | {'given' if speaks else 'none'} "
                f"| {loop.polls:.1f} | {loop.lag:.2f} "
                f"| {watch.polls:.1f} ({watch.polls / loop.polls:.2f}) "
                f"| {watch.lag:.2f} ({watch.lag / loop.lag:.2f}) |"
            )


if __name__ == "__main__":
    main()
