"""How long one visitor waits for a video while others follow 600 made-up task ids.

The ids belong to one visitor, up to the limit, or to 600. Runs at 5 polls a second, with tasks of
one second, against the simulator over HTTP.

    python -m benchmarks.fairness
"""

import tempfile
import time
from pathlib import Path

from vidu_demo import VideoRequest, ViduClient
from vidu_demo.api.errors import ViduError
from vidu_demo.jobs.buying.accounts import Account, Accounts
from vidu_demo.jobs.job import JobState, Payer
from vidu_demo.jobs.ledger import Ledger
from vidu_demo.jobs.runner import JobRunner
from vidu_demo.simulator import Simulator
from vidu_demo.simulator.video.render import render

INVENTED = 600
LONGEST_WAIT = 300.0
REQUEST = VideoRequest(
    images=["https://example.com/a.jpg"], prompt="slow push-in", duration=1, resolution="540p"
)


def invent(runner: JobRunner, visitors: int) -> int:
    """Follow as many made-up ids as the visitors are allowed."""
    for number in range(INVENTED):
        try:
            runner.adopt(f"invented-{number}", owner=f"stranger {number % visitors}")
        except ViduError:
            return number
    return INVENTED


def measure(folder: Path, visitors: int) -> tuple[int, float]:
    """Return how many ids were accepted, and the seconds from the real click to its video."""
    clip = folder / "clip.mp4"
    render(REQUEST.model_dump(), clip)
    with Simulator(seconds=1, clip=clip.read_bytes()) as simulator:
        ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
        client = ViduClient(simulator.key, simulator.url)
        accounts = Accounts({Payer.HOST: Account("there", client)}, Payer.HOST)
        runner = JobRunner(ledger, accounts, videos=folder / "videos").open()
        taken = invent(runner, visitors)
        start = time.monotonic()
        runner.purchases.start(REQUEST, owner="honest", idempotency_key="click")
        while runner.jobs("honest")[0].state is not JobState.DONE:
            if time.monotonic() - start > LONGEST_WAIT:
                break
            time.sleep(0.02)
        waited = time.monotonic() - start
        runner.close()
        client.close()
        ledger.close()
    return taken, waited


def main() -> None:
    """Print the results."""
    print(f"| visitors | of {INVENTED} invented ids followed | seconds to another's video |")
    print("|--:|--:|--:|")
    for visitors in (1, INVENTED):
        with tempfile.TemporaryDirectory() as folder:
            taken, waited = measure(Path(folder), visitors)
        print(f"| {visitors} | {taken} | {waited:.1f} |")


if __name__ == "__main__":
    main()
