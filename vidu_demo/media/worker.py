"""A process that decodes what strangers send: `python -m vidu_demo.media.worker MEGABYTES`.

It takes calls from its standard input, one after the other, and ends when that does. It has no
key, and its memory is limited where the system can do that.
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

READY = b"\1"


def limit_memory(megabytes: int) -> None:
    """Let this process have so much memory of its own, where the system can be told."""
    if sys.platform == "linux":  # others have the call and pay no heed, or have it not
        import resource  # noqa: PLC0415

        most = megabytes * 1_000_000
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def serve(calls: IO[bytes], answers: IO[bytes]) -> None:
    """Answer calls until there are no more. Too little memory ends the process."""
    answers.write(READY)
    answers.flush()
    while head := calls.read(8):
        # It comes from the parent, which may be trusted; the answers are what it must not trust.
        function, arguments = pickle.loads(calls.read(int.from_bytes(head)))  # noqa: S301
        answers.writelines(pack(_called(function, arguments)))
        answers.flush()


def _called(function: Any, arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    except (ViduError, ValueError) as error:
        return error


def main() -> None:
    """Serve on standard input and output, which nothing else can write to."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this
    limit_memory(int(sys.argv[1]))
    for kept in (images.prepared, framing.frames):
        kept.keep(0)  # the parent keeps them, for all workers
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
