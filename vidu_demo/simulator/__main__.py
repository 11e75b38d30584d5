"""Run the simulator by itself: `python -m vidu_demo.simulator`."""

import argparse
import threading
from contextlib import suppress
from pathlib import Path

from .server import Simulator


def main() -> None:
    """Serve until interrupted, and print what a program must have in its environment."""
    parser = argparse.ArgumentParser(prog="python -m vidu_demo.simulator", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--folder", type=Path, help="keeps tasks and videos over restarts")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long a task takes at least")
    parser.add_argument("--key", default="simulated", help="the key it accepts")
    args = parser.parse_args()
    simulator = Simulator(
        args.key, port=args.port, folder=args.folder, seconds=args.seconds, remember=False
    )
    with suppress(KeyboardInterrupt), simulator.start():
        print(f"NOVITA_BASE_URL={simulator.url} NOVITA_API_KEY={simulator.key}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
