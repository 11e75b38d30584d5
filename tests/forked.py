"""What tests run in processes of their own: a program, a Jupyter kernel, a studio.

The simulator needs half a second for a task there, is asked soon after, and makes small videos.
Where the app is imported already, a process that is silent for two seconds counts as gone.
"""

import gc
import os
import runpy
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import quick_gradio  # noqa: F401 - before Gradio itself

gc.disable()  # until a process is entered: what it imports first is no garbage


def enter(folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    """Give the process a working directory, an environment, and files for what it says."""
    gc.freeze()
    gc.enable()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for stream, file in ((sys.stdout, out), (sys.stderr, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream.fileno())
        stream.reconfigure(line_buffering=True)
    if shared := sys.modules.get("vidu_demo.jobs.shared.scheduler"):
        shared.STALLED_SECONDS, shared.HEARTBEAT_SECONDS = 2.0, 0.4
        shared.RESCUES = "* * * * * */1"
    # None of them imports Gradio, which may not be imported yet.
    from vidu_demo.jobs import follower
    from vidu_demo.simulator import Simulator
    from vidu_demo.simulator.video import render

    Simulator.__init__.__kwdefaults__["seconds"] = 0.5
    follower.FIRST_WAIT = 0.6
    render.FPS = 6
    render.SHORT_SIDES.update(dict.fromkeys(render.SHORT_SIDES, 90))


def run(program: Path, arguments: Sequence[str], *place: Any) -> None:
    """Run a program as `python` does."""
    enter(*place)
    sys.argv = [str(program), *arguments]
    runpy.run_path(str(program), run_name="__main__")


def run_kernel(connection: Path, *place: Any) -> None:
    """Run a Jupyter kernel as its launcher does."""
    from ipykernel.kernelapp import launch_new_instance

    enter(*place)
    launch_new_instance(["-f", str(connection)])


def run_studio(desk: Connection, prompts: Sequence[str], *place: Any) -> None:
    """Run all of the app but its page: click once for each prompt, and stop when told to."""
    from vidu_demo.api.request import VideoRequest
    from vidu_demo.settings import Settings
    from vidu_demo.studio import Studio

    enter(*place)
    studio = Studio(Settings.from_environment())
    for prompt in prompts:
        request = VideoRequest(images=["https://example.com/a.jpg"], prompt=prompt, duration=1)
        studio.runner.purchases.start(request, owner="me", idempotency_key=prompt)
    desk.send("ready")
    desk.recv()
    studio.close()


def run_process(desk: Connection, *place: Any) -> None:
    """Run one of several processes without its page: click for each prompt that is sent."""
    from vidu_demo.api.request import VideoRequest
    from vidu_demo.settings import Settings
    from vidu_demo.studio import Studio

    enter(*place)
    studio = Studio(Settings.from_environment())
    desk.send("ready")
    while prompt := desk.recv():
        request = VideoRequest(images=["https://example.com/a.jpg"], prompt=prompt, duration=1)
        try:
            job = studio.runner.purchases.start(request, owner="me", idempotency_key=prompt)
            desk.send(job.id)
        except Exception as error:
            desk.send(f"{type(error).__name__}: {error}")
    studio.close()
    desk.send("closed")
