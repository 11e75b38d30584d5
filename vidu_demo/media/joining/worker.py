"""A process that joins videos: `python -m vidu_demo.media.joining.worker MEGABYTES`.

It reads one call from standard input, and writes its progress in whole percents, then None or the
error. It gives way to everything else on the machine, and ends if nobody reads its progress.
"""

import contextlib
import os
import pickle
import signal
import sys
from typing import IO

from vidu_demo.api.errors import ViduError
from vidu_demo.media.codec import pack
from vidu_demo.media.joining.join import join
from vidu_demo.media.process import limit_memory

MAX_BYTES = 4_000_000_000
"""For the file that it writes."""
NICE = 10


class PercentWriter:
    """Writes whole percents, each once."""

    def __init__(self, results: IO[bytes]) -> None:
        self._results, self._said = results, -1

    def __call__(self, percent: float) -> None:
        """Report.

        Raises:
            BrokenPipeError: Nobody is left to read it.
        """
        if int(percent) > self._said:
            self._said = int(percent)
            self._results.writelines(pack(self._said))
            self._results.flush()


def main() -> None:
    """Join what standard input asks for."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    limit_memory(int(sys.argv[1]))
    if sys.platform != "win32":
        import resource  # noqa: PLC0415

        os.nice(NICE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_BYTES, MAX_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # The call comes from the parent, which is trusted. Results are not, so they are JSON.
    parts, target, story = pickle.loads(sys.stdin.buffer.read())  # noqa: S301
    answer: Exception | None = None
    try:
        join(parts, target, story, report=PercentWriter(results))
    except (ViduError, ValueError) as error:
        answer = error
    results.writelines(pack(answer))
    results.flush()


if __name__ == "__main__":
    main()
