"""The app in a process of its own, as people start it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import forked
import pytest
from page_fixtures import QUIET, free_port, until

from vidu_demo.settings import ROOT

APP = ROOT / "app.py"


@cache
def _server() -> ForkServerContext:
    """A process that imports Gradio and the app, which takes seconds, and forks others."""
    context = get_context("forkserver")
    preloaded = [
        "forked",
        "vidu_demo.ui.page",
        "vidu_demo.ui.serve",
        "vidu_demo.jobs.shared.scheduler",
    ]
    context.set_forkserver_preload(preloaded)
    with pytest.MonkeyPatch.context() as patch:
        path = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
        for name, value in {**QUIET, "PYTHONPATH": path}.items():
            patch.setenv(name, value)
        forkserver.ensure_running()
    return context


def start(target: Callable[..., None], *arguments: Any, afresh: bool = False) -> BaseProcess:
    """Call a function in a process that has imported Gradio and the app already.

    Args:
        target: A function of `forked`.
        arguments: Passed to it.
        afresh: Whether to import everything again, for what is read on import.
    """
    process = (get_context("spawn") if afresh else _server()).Process(target=target, args=arguments)
    process.start()
    return process


def environment(folder: Path, **given: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "NOVITA" not in name}
    quiet = {name: value for name, value in QUIET.items() if "PROXY" not in name}
    for name in ("NO_PROXY", "no_proxy"):
        kept.pop(name, None)
    return {
        **kept,
        **quiet,
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "VIDU_DATA_DIR": str(folder / "data"),
        "PYTHONUNBUFFERED": "1",
        **given,
    }


@contextmanager
def running(
    folder: Path, *arguments: str, afresh: bool = False, **given: str
) -> Iterator[tuple[str, BaseProcess]]:
    """Start the app; gives its address and its process."""
    port, log = free_port(), folder / "log"
    log.touch()
    place = (folder, environment(folder, **given), log, log)
    process = start(forked.run, APP, ["--port", str(port), *arguments], *place, afresh=afresh)
    try:
        # This line comes last, when Gradio has asked the page itself.
        until(lambda: not process.is_alive() or "public link" in log.read_text(), 60)
        assert process.is_alive(), log.read_text()
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.join(20)
    assert "Traceback" not in log.read_text()


@contextmanager
def runs(folder: Path, *arguments: str, **options: Any) -> Iterator[str]:
    """Start the app and give its address."""
    with running(folder, *arguments, **options) as (url, _process):
        yield url


def fails(folder: Path, *arguments: str, afresh: bool = False, **given: str) -> str:
    """Start the app, which can't, and give the one sentence that it ends with."""
    errors = folder / "errors"
    errors.unlink(missing_ok=True)
    place = (folder, environment(folder, **given), Path(os.devnull), errors)
    process = start(forked.run, APP, arguments, *place, afresh=afresh)
    process.join(60)
    said = errors.read_text()
    assert process.exitcode == 1, said
    assert "Traceback" not in said
    (only,) = said.strip().splitlines()
    return only
