"""What it costs to join 24 videos of 5 s with sound, rendered by the simulator.

python -m benchmarks.join
"""

import re
import tempfile
import time
from pathlib import Path

from vidu_demo.media.joining.join import MAX_PARTS, Source
from vidu_demo.media.joining.process import JoinProcess
from vidu_demo.simulator.video.render import render

SECONDS = 5


def measure(folder: Path, resolution: str) -> tuple[float, int, int]:
    """Return the seconds it took, the peak memory in MB, and the size of the result in MB."""
    asked = {"prompt": "slow push-in", "duration": SECONDS, "resolution": resolution, "audio": True}
    paths = [folder / f"{resolution}-{seed}.mp4" for seed in range(3)]
    for seed, path in enumerate(paths):
        render({"images": ["https://example.com/a.jpg"], "seed": seed, **asked}, path)
    target, peak = folder / "joined.mp4", 0
    joining = JoinProcess([Source(paths[n % 3]) for n in range(MAX_PARTS)], target, {})

    def look(_: int) -> None:
        nonlocal peak
        status = Path(f"/proc/{joining.process_id}/status").read_text()
        peak = max(peak, *map(int, re.findall(r"VmHWM:\s+(\d+) kB", status)), 0)

    begun = time.monotonic()
    joining.run(look)
    return time.monotonic() - begun, peak // 1000, target.stat().st_size // 10**6


def main() -> None:
    """Print the results."""
    print(f"| {MAX_PARTS} parts of {SECONDS} s | seconds | per part | peak memory | result |")
    print("|---|--:|--:|--:|--:|")
    for resolution in ("540p", "720p", "1080p"):
        with tempfile.TemporaryDirectory() as folder:
            seconds, peak, size = measure(Path(folder), resolution)
        per_part = seconds / MAX_PARTS
        print(f"| {resolution} | {seconds:.0f} | {per_part:.1f} | {peak} MB | {size} MB |")


if __name__ == "__main__":
    main()
