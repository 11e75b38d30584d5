"""How long things are kept, what deleting leaves behind, and what happens when the room is full."""

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from runner_fixtures import (
    OTHER,
    OWNER,
    PROCESSING,
    Bench,
    Wall,
    bench_over,
    picture,
    shorten_waits,
    until,
)

from vidu_demo import VideoRequest, ViduClient
from vidu_demo.jobs import files
from vidu_demo.jobs.buying.offers import OFFER_SECONDS
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.errors import DiskFull, LedgerFailed
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.jobs.open_forms import OpenForms
from vidu_demo.jobs.retention import DAYS_FOR_STRANGERS, Retention
from vidu_demo.jobs.room import AMPLE, AMPLE_SECONDS, DAY, Room
from vidu_demo.settings import Settings
from vidu_demo.simulator import Simulator
from vidu_demo.studio import Studio
from vidu_demo.ui.launch import exposed

CANARY = "a canary sings in the prompt"


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


@pytest.fixture
def bench(
    tmp_path: Path, copies: Path, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    shorten_waits(monkeypatch)
    with bench_over(tmp_path / "data", clip, open_it=False) as made:
        made.open(room=Room(made.videos, copies))
        yield made


def uploaded(copies: Path, colour: str) -> Path:
    file = copies / colour / "photo.jpg"
    file.parent.mkdir()
    file.write_bytes(picture(colour))
    return file


def made(bench: Bench, upload: Path, owner: str = OWNER, prompt: str = CANARY) -> Job:
    request = bench.request(images=[upload], prompt=prompt)
    job = bench.purchases.start(
        request, owner=owner, idempotency_key=f"{upload.parent.name} {owner}"
    )
    return bench.done(job)


def on_disk(bench: Bench) -> bytes:
    """Everything in the files of the ledger."""
    return b"".join(path.read_bytes() for path in bench.folder.glob("ledger.db*"))


def everything(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*") if path.is_file()}


@pytest.mark.database("sqlite")
def test_delete_leaves_no_picture_video_copy_or_prompt(bench: Bench, copies: Path) -> None:
    job = made(bench, uploaded(copies, "red"))
    others = made(bench, uploaded(copies, "blue"), OTHER, "another prompt")
    offer = bench.purchases.offer(
        Order(bench.request(images=["https://example.com/a.jpg"], prompt=CANARY)), owner=OWNER
    )
    # What Gradio copies when a page shows the video, and when its pictures go back into the form.
    shown = [bench.file(job), bench.videos / job.id / "picture-1.jpg"]
    for number, file in enumerate(shown):
        copy = copies / f"hash{number}" / file.name
        copy.parent.mkdir()
        shutil.copyfile(file, copy)
    assert CANARY.encode() in on_disk(bench)
    assert bench.runner.delete(job.id, OWNER)
    assert everything(copies) == {copies / "blue" / "photo.jpg"}
    assert {path.name for path in copies.iterdir()} == {"blue"}
    assert not (bench.videos / job.id).exists()
    assert bench.ledger.open_offer(offer.id, OWNER, 0.0) is None
    assert CANARY.encode() not in on_disk(bench)
    assert bench.file(others)
    assert bench.runner.jobs(OTHER) == [others]


def test_a_picture_that_a_form_shows_stays_when_its_video_is_deleted(
    bench: Bench, copies: Path
) -> None:
    red, blue = uploaded(copies, "red"), uploaded(copies, "blue")
    for upload in (red, blue):
        bench.runner.delete(made(bench, upload).id, OWNER, keep=[red])
    assert everything(copies) == {red}


def test_an_upload_that_another_visitor_has_in_their_form_stays_until_they_take_it_out(
    bench: Bench, copies: Path
) -> None:
    red = uploaded(copies, "red")
    bench.runner.forms.note(OTHER, [red])
    bench.runner.delete(made(bench, red).id, OWNER)
    assert everything(copies) == {red}
    bench.runner.forms.note(OTHER, [])
    bench.runner.delete(made(bench, red, OTHER).id, OTHER)
    assert everything(copies) == set()


def test_only_so_many_forms_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidu_demo.jobs.open_forms.MAX_FORMS", 2)
    forms = OpenForms()
    for owner in ("a", "b", "a", "c"):
        forms.note(owner, [Path(owner)])
    assert forms.of_others("") == {Path("a"), Path("c")}


def test_the_examples_pictures_stay_for_everyone_when_a_video_is_deleted(
    bench: Bench, copies: Path
) -> None:
    example = uploaded(copies, "red")
    bench.reopen(room=Room(bench.videos, copies), public=[example])
    (copy := copies / "hash" / "lake.jpg").parent.mkdir()
    shutil.copyfile(example, copy)
    job = made(bench, copy)
    assert bench.runner.delete(job.id, OWNER)
    assert everything(copies) == {example, copy}
    assert not (bench.videos / job.id).exists()


def test_what_shows_a_deleted_video_goes_with_it(bench: Bench, copies: Path) -> None:
    job = made(bench, uploaded(copies, "red"))
    for name in ("contact-sheet.png", "last-frame.png"):
        (copies / name).write_bytes(b"a still of it")
        bench.runner.note_copy(job, copies / name)
    bench.runner.delete(job.id, OWNER)
    assert everything(copies) == set()


def test_jobs_go_after_their_term_and_not_before(bench: Bench, copies: Path) -> None:
    wall = Wall()
    old, running = made(bench, uploaded(copies, "red")), bench.start("running", prompt="running")
    bench.simulator.statuses = [PROCESSING]
    running = bench.reaches(bench.start("more", prompt="more"), JobState.RUNNING)
    retention = Retention(bench.runner, Room(bench.videos, copies), days=7, wall=wall)
    wall.ahead = 7 * DAY - 60
    retention.sweep()
    assert bench.row(old).state is JobState.DONE
    assert bench.file(old)
    wall.ahead = 7 * DAY + 60
    retention.sweep()
    assert old.id not in {job.id for job in bench.runner.jobs(OWNER)}
    assert not (bench.videos / old.id).exists()
    wall.ahead = 9 * DAY - 60  # it may have ended two days after its click
    retention.sweep()
    assert bench.row(running).state is JobState.RUNNING
    retention.days = None
    wall.ahead = 7000 * DAY
    retention.sweep()
    assert running.id in {job.id for job in bench.runner.jobs(OWNER)}
    retention.days, wall.ahead = 7, 9 * DAY + 60
    retention.sweep()
    assert bench.ledger.states()[running.id] is JobState.DELETED
    assert not (bench.videos / running.id).exists()


def test_jobs_of_another_backend_go_too(bench: Bench, copies: Path) -> None:
    job = made(bench, uploaded(copies, "red"))
    bench.simulator.statuses = [PROCESSING]
    running = bench.reaches(bench.start("more", prompt="more"), JobState.RUNNING)
    bench.reopen(backend="elsewhere", room=Room(bench.videos, copies))
    bench.runner.delete_older(job.created + DAY)
    assert bench.ledger.states()[job.id] is JobState.DELETED
    assert bench.ledger.states()[running.id] is JobState.RUNNING
    bench.runner.delete_older(running.created + 2 * DAY + 60)
    assert bench.ledger.states()[running.id] is JobState.DELETED
    assert everything(bench.videos, copies) == set()


@pytest.mark.database("sqlite")
def test_offers_go_when_they_expire(bench: Bench, copies: Path) -> None:
    order = Order(bench.request(images=["https://example.com/a.jpg"], prompt=CANARY))
    bench.purchases.offer(order, owner=OWNER)
    assert CANARY.encode() in on_disk(bench)
    wall = Wall()
    wall.ahead = OFFER_SECONDS + 60
    Retention(bench.runner, Room(bench.videos, copies), wall=wall).sweep()
    assert CANARY.encode() not in on_disk(bench)


def test_the_simulator_keeps_nothing_of_a_deleted_job(tmp_path: Path) -> None:
    studio = Studio(Settings(data_dir=tmp_path / "data"), simulate=True)
    try:
        (upload := tmp_path / "photo.jpg").write_bytes(picture("red"))
        request = VideoRequest(images=[upload], prompt=CANARY, duration=1, resolution="540p")
        kept, gone = (
            studio.runner.purchases.start(request, owner=owner, idempotency_key=owner)
            for owner in (OTHER, OWNER)
        )
        until(lambda: all(job.state is JobState.DONE for job in studio.runner.jobs(OWNER)))
        until(lambda: all(job.state is JobState.DONE for job in studio.runner.jobs(OTHER)))
        tasks = {path.stem for path in (tmp_path / "data" / "simulator").glob("*.json")}
        assert len(tasks) == 2
        assert studio.runner.delete(gone.id, OWNER)
        (left,) = studio.runner.jobs(OTHER)
        assert left.id == kept.id
        names = {path.name for path in (tmp_path / "data" / "simulator").iterdir()}
        assert names == {f"{left.task_id}.json", f"{left.task_id}.mp4"}
    finally:
        studio.close()


def test_the_simulator_deletes_its_tasks_after_a_day(tmp_path: Path, clip: bytes) -> None:
    now = [1_700_000_000.0]
    with Simulator(folder=tmp_path, clip=clip, clock=lambda: now[0]) as simulator:
        client = ViduClient(simulator.key, simulator.url)
        client.submit(VideoRequest(images=["https://example.com/a.jpg"], prompt="x"))
        client.close()
        simulator.prune()
        assert everything(tmp_path)
        now[0] += DAY + 1
        simulator.prune()
        assert everything(tmp_path) == set()


def test_all_of_the_data_folder_counts(tmp_path: Path) -> None:
    copies = tmp_path / "uploads"
    for name in ("simulator/task.json", "ledger.db", "uploads/a/photo.jpg"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(1000))
    room = partial(Room, tmp_path, copies)
    room(most=files.FREE_BYTES_NEEDED + 2000).check()
    assert not everything(copies)  # they make room
    with pytest.raises(DiskFull):
        room(most=files.FREE_BYTES_NEEDED + 1999).check()


def test_copies_without_settings_go_before_a_job_is_refused(tmp_path: Path) -> None:
    video, plain = tmp_path / "a" / "clip.mp4", tmp_path / "a" / files.plain_name("clip.mp4")
    film = tmp_path / "film-1" / "vidu-film.mp4"
    for file in (video, plain, film):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes(1000))
    room = partial(Room, tmp_path, tmp_path / "uploads")
    room(most=files.FREE_BYTES_NEEDED + 3000).check()
    assert everything(tmp_path) == {video, plain, film}
    room(most=files.FREE_BYTES_NEEDED + 2000).check()
    assert everything(tmp_path) == {video, film}
    with pytest.raises(DiskFull):
        room(most=files.FREE_BYTES_NEEDED + 1999).check()
    assert everything(tmp_path) == {video, film}


def test_copies_without_settings_are_kept_for_a_day(bench: Bench, copies: Path) -> None:
    job = made(bench, uploaded(copies, "red"))
    video, plain = bench.file(job), bench.runner.plain_video(job)
    assert plain
    os.utime(plain, (1000.0, 1000.0))
    Retention(bench.runner, Room(bench.videos, copies), wall=lambda: 1001.0 + DAY).sweep()
    assert not plain.exists()
    assert video.is_file()
    assert bench.runner.plain_video(job) == plain  # it is made again
    assert plain.is_file()


def test_uploads_and_copies_are_kept_for_a_day(bench: Bench, copies: Path) -> None:
    old, new = uploaded(copies, "red"), uploaded(copies, "blue")
    os.utime(old, (1000.0, 1000.0))
    os.utime(new, (DAY, DAY))
    Retention(bench.runner, Room(bench.videos, copies), wall=lambda: 1001.0 + DAY).sweep()
    assert everything(copies) == {new}


def test_uploads_and_copies_have_a_bound_of_their_own(tmp_path: Path, copies: Path) -> None:
    files_ = [uploaded(copies, colour) for colour in ("red", "green", "blue")]
    for age, file in enumerate(reversed(files_)):
        os.utime(file, (1000.0 - age, 1000.0 - age))
    size = max(file.stat().st_size for file in files_)
    Room(tmp_path / "videos", copies, most=5 * (size + 50)).tidy(1001.0)
    assert everything(copies) == {files_[-1]}


def test_a_full_disk_refuses_new_jobs_and_takes_no_video(
    bench: Bench, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FREE_BYTES_NEEDED", 1000)
    first = made(bench, uploaded(copies, "red"))
    taken = sum(stat.st_size for _, stat in files.walk(bench.videos))
    bench.reopen(room=Room(bench.videos, copies, most=taken + 1200))
    blue = uploaded(copies, "blue")
    os.utime(blue, (1.0, 1.0))
    second = bench.start("second", prompt="second", images=["https://example.com/a.jpg"])
    assert not blue.exists()  # uploads make room first
    bench.done(second)
    submits = bench.simulator.submit_count
    with pytest.raises(DiskFull) as refused:
        bench.start("third", prompt="third", images=["https://example.com/a.jpg"])
    assert "Nothing was charged." in str(refused.value)
    assert bench.simulator.submit_count == submits
    Retention(bench.runner, Room(bench.videos, copies, most=1), days=7).sweep()
    assert bench.file(first)
    assert bench.file(bench.row(second))
    bench.runner.delete(second.id, OWNER)
    bench.done(bench.start("fourth", prompt="fourth", images=["https://example.com/a.jpg"]))


def test_with_room_to_spare_the_files_are_not_measured_at_every_click(
    tmp_path: Path, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Path] = []
    now, videos = [0.0], tmp_path / "videos"

    def walk(*folders: Path) -> list[files.Found]:
        measured.extend(folders)
        return []

    monkeypatch.setattr(files, "walk", walk)
    ample = files.FREE_BYTES_NEEDED + AMPLE
    room = Room(videos, copies, most=ample, clock=lambda: now[0])
    for _ in range(3):
        room.check()
    assert measured == [copies, videos]
    now[0] = AMPLE_SECONDS
    room.check()
    assert len(measured) == 4
    scarce = Room(videos, copies, most=ample - 1, clock=lambda: now[0])
    for _ in range(3):
        scarce.check()
    assert len(measured) == 10


def test_deleting_what_has_no_files_does_not_search_all_copies(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.runner.adopt("no-such-task", owner=OWNER)
    bench.reaches(job, JobState.NOT_FOUND)
    searched: list[Path] = []

    def walk(*folders: Path) -> list[files.Found]:
        searched.extend(folders)
        return []

    monkeypatch.setattr(files, "walk", walk)
    assert bench.runner.delete(job.id, OWNER)
    assert searched == [bench.videos / job.id]


def test_it_runs_in_the_background_until_it_is_closed(
    bench: Bench, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidu_demo.jobs.retention.SWEEP_SECONDS", 0.01)
    old = uploaded(copies, "red")
    os.utime(old, (1.0, 1.0))
    failures = iter([RuntimeError("a fault"), OSError("no disk")])

    def prune() -> None:
        for failure in failures:
            old.touch()  # for the next sweep to delete
            os.utime(old, (1.0, 1.0))
            raise failure

    old.unlink()
    retention = Retention(bench.runner, Room(bench.videos, copies), prune=prune).open()
    until(lambda: next(failures, None) is None and not old.exists())
    retention.close()


@pytest.mark.parametrize(
    ("host", "share", "proxies", "strangers"),
    [
        (None, False, "", False),
        ("127.0.0.1", False, "", False),
        ("0.0.0.0", False, "", True),  # noqa: S104
        (None, True, "", True),
        (None, False, "127.0.0.1", True),
    ],
)
def test_strangers_can_reach_what_is_not_this_machines_alone(
    host: str | None, share: bool, proxies: str, strangers: bool
) -> None:
    settings = Settings(trusted_proxies=proxies)
    assert exposed(settings, host, share=share) is strangers
    assert DAYS_FOR_STRANGERS == 7


@pytest.mark.parametrize("variable", ["VIDU_RETENTION_DAYS", "VIDU_MAX_DISK_GB"])
def test_terms_and_room_are_above_zero(variable: str) -> None:
    for text in ("0", "-1", "nan", "inf", "much"):
        with pytest.raises(ValueError, match=variable):
            Settings.from_environment({variable: text})


def test_an_offer_keeps_its_pictures(bench: Bench, copies: Path) -> None:
    """Only what a job was made from goes with it, not what another visitor's offer needs."""
    upload = uploaded(copies, "red")
    offer = bench.purchases.offer(Order(bench.request(images=[upload])), owner=OTHER)
    job = made(bench, uploaded(copies, "blue"))
    bench.runner.delete(job.id, OWNER)
    assert upload.exists()
    bench.done(bench.purchases.buy(offer.id, owner=OTHER)[0])


def test_a_ledger_that_fails_deletes_nothing(
    bench: Bench, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = made(bench, uploaded(copies, "red"))

    def fails(*_: object) -> None:
        raise sa.exc.OperationalError("DELETE", {}, Exception("disk I/O error"))

    monkeypatch.setattr("vidu_demo.jobs.ledger._delete_traces", fails)
    with pytest.raises(LedgerFailed, match="disk I/O error"):
        bench.runner.delete(job.id, OWNER)
    assert bench.row(job) == job
    assert bench.file(job)
