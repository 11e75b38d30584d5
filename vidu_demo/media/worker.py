"""A process that decodes untrusted files: `python -m vidu_demo.media.worker MEGABYTES`.

It reads calls from standard input, one after another, and exits when that is closed. It has no key,
and its memory is limited if the system can do that.
"""

import contextlib
import os
import pickle
import signal
import sys
from typing import IO, Any

from vidu_demo.api import images
from vidu_demo.api.errors import ViduError
from vidu_demo.media import framing
from vidu_demo.media.codec import pack
from vidu_demo.media.process import limit_memory

READY = b"\1"


def serve(calls: IO[bytes], results: IO[bytes]) -> None:
    """Run calls until there are no more. Running out of memory ends the process."""
    results.write(READY)
    results.flush()
    while head := calls.read(8):
        # Calls come from the parent, which is trusted. Results are not, so they are JSON.
        function, arguments = pickle.loads(calls.read(int.from_bytes(head)))  # noqa: S301
        results.writelines(pack(_result(function, arguments)))
        results.flush()


def _result(function: Any, arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    except (ViduError, ValueError) as error:
        return error


def main() -> None:
    """Serve on standard input and output, which nothing else can write to."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    limit_memory(int(sys.argv[1]))
    for cache in (images.prepared, framing.frames):
        cache.resize(0)  # the parent caches for all workers
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    serve(sys.stdin.buffer, results)


if __name__ == "__main__":
    main()
