"""Processes of this package that open untrusted files: they see no key and have limits."""

import os
import subprocess
import sys
from pathlib import Path

Process = subprocess.Popen[bytes]

ENVIRONMENT = (
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG",
)  # fmt: skip
"""What it sees of the environment: no key, no token, no proxy."""


def start(module: str, *arguments: str) -> Process:
    """Start a module of this package, with pipes for its input and output.

    Raises:
        OSError: It can't be started.
    """
    home = Path(__file__).parents[2]
    known = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - this program, and a module of it
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **known,
            "PYTHONPATH": os.pathsep.join([str(home), *filter(None, sys.path)]),
            "OPENBLAS_NUM_THREADS": "1",
        },
    )


def limit_memory(megabytes: int) -> None:
    """Limit the memory of this process, if the system can do that."""
    if sys.platform == "linux":  # other systems ignore the call or don't have it
        import resource  # noqa: PLC0415

        most = megabytes * 1_000_000
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
