"""Links to single videos, zips to take along, and the file without its settings."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from page_fixtures import DONE, SMALL, App, Maker, Visitor, until
from playwright.sync_api import Browser, expect
from test_sign_in import gate, gated

from vidu_demo import VideoRequest
from vidu_demo.jobs.job import Job, JobState
from vidu_demo.media.clip import read_settings
from vidu_demo.ui.browser.visitor import Visitors

pytestmark = pytest.mark.usefixtures("small_videos")

HOSTILE = "A cat <b>&amp; a dog</b>"

# Over plain HTTP


@pytest.fixture
def owner(app: App) -> dict[str, str]:
    return app.token()


@pytest.fixture
def job(app: App, owner: dict[str, str], pngs: dict[str, Path]) -> Iterator[Job]:
    runner, who = app.studio.runner, Visitors(app.studio.secret).owner(owner)
    request = VideoRequest(images=[pngs["red"]], prompt=HOSTILE, seed=77, **SMALL)
    made = runner.purchases.start(request, owner=who, idempotency_key=owner["token"])

    def now() -> Job:
        view = runner.find(made.id, who)
        assert view
        return view.job

    until(lambda: now().state is JobState.DONE)
    yield now()
    runner.delete(made.id, who)


def ask(app: App, do: str, job: Job, visitor: dict[str, str]) -> dict[str, Any]:
    answer = app.call("share", event={"do": do}, visitor=visitor, shown=job.id)
    (told,) = json.loads(answer).get("data") or [{}]
    return dict(told)


def test_the_page_of_a_link_shows_one_video_and_nothing_else(
    app: App, job: Job, owner: dict[str, str]
) -> None:
    link = ask(app, "make", job, owner)["link"]
    answer = requests.get(f"{app.url}?watch={link}", timeout=30)
    page = answer.text
    assert answer.status_code == 200
    assert "A cat &lt;b&gt;&amp;amp; a dog&lt;/b&gt;" in page
    assert HOSTILE not in page
    assert "77" in page
    for secret in (owner["token"], job.owner, job.id, job.task_id or "?", "picture-1"):
        assert secret not in page
    scripts = re.findall(r"<script.*?</script>", page, re.DOTALL)
    assert len(scripts) == 1  # the one about the language, which every page has
    usual = requests.get(app.url, timeout=30)
    assert "gradio" in usual.text  # the app's own page is where it was
    for header in ("X-Content-Type-Options", "Referrer-Policy"):
        assert answer.headers[header] == usual.headers[header]
    assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"

    (source,) = re.findall(r'<video src="([^"]+)"', page)
    video = app.url + source
    part = requests.get(video, headers={"Range": "bytes=100-199"}, timeout=30)
    assert (part.status_code, len(part.content)) == (206, 100)
    whole = requests.get(video, timeout=30).content
    assert whole[100:200] == part.content
    assert (job.task_id or "?").encode() not in whole
    (query,) = re.findall(r'href="\./\?([^"]+)"', page)
    assert "seed=77" in query
    assert "image=" not in query

    assert ask(app, "revoke", job, owner)["link"] == ""
    for url in (f"{app.url}?watch={link}", video, f"{app.url}?watch=", f"{app.url}?watch=%00"):
        gone = requests.get(url, timeout=30)
        assert gone.status_code == 404
        assert "There is no video at this link" in gone.text


def test_strangers_can_make_and_revoke_nothing(app: App, job: Job, owner: dict[str, str]) -> None:
    stranger = app.token()
    for do in ("make", "plain", "open", "revoke", {"x": 1}, None):
        answer = app.call("share", event={"do": do}, visitor=stranger, shown=job.id)
        assert "There is no video to share." in answer
    assert ask(app, "open", job, owner)["link"] == ""
    assert "There is no video to download." in app.call(
        "take_along", event={"jobs": [job.id]}, visitor=stranger
    )


def test_a_zip_is_sent_to_whoever_has_the_ticket(app: App, job: Job, owner: dict[str, str]) -> None:
    answer = json.loads(app.call("take_along", event={"jobs": [job.id]}, visitor=owner))
    url = answer["data"][0]["url"]
    sent = requests.get(app.url + url, timeout=30)
    assert sent.headers["Content-Type"] == "application/zip"
    assert sent.headers["Content-Disposition"].startswith('attachment; filename="vidu-')
    with zipfile.ZipFile(io.BytesIO(sent.content)) as made:
        assert made.testzip() is None
        assert f"takes/01/{job.video}" in made.namelist()
    for forged in (url[:-1], url[:-4] + "AAAA", "take-along/x"):
        assert requests.get(app.url + forged, timeout=30).status_code == 410


def test_the_file_without_settings_is_the_visitors_own(
    app: App, job: Job, owner: dict[str, str], tmp_path: Path
) -> None:
    told = ask(app, "plain", job, owner)
    assert told["name"] == (job.video or "").replace(".mp4", "-plain.mp4")
    saved = tmp_path / "plain.mp4"
    saved.write_bytes(requests.get(app.url + told["url"], timeout=30).content)
    assert read_settings(saved) is None
    assert read_settings(app.studio.runner.file(job, job.video or ""))


def test_a_link_asks_for_the_sign_in_like_the_rest(
    app: App, job: Job, owner: dict[str, str]
) -> None:
    link = ask(app, "make", job, owner)["link"]
    with gated(app, gate(app)) as locked:
        page = requests.get(f"{locked.url}?watch={link}", timeout=30)
        assert page.status_code == 401
        assert HOSTILE[:5] not in page.text
        assert f"?watch={link}" in page.text  # where the sign-in leads
        video = requests.get(f"{locked.url}watch/{link}/video.mp4", timeout=30)
        assert video.status_code == 401


# In a browser


def test_a_video_is_shared_watched_and_revoked(
    visit: Callable[..., Visitor], pngs: dict[str, Path]
) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    visitor.choose_smallest()
    visitor.fill(pngs["red"], prompt="A paper boat turns slowly.")
    visitor.make.click()
    expect(visitor.headline).to_have_text(DONE)
    visitor.more("Share a link")
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Anyone with the link can see the video")
    local = dialog.get_by_text("This address only works on this machine.")
    expect(local).to_be_hidden()
    dialog.get_by_role("button", name="Make a link").click()
    expect(local).to_be_visible()
    dialog.get_by_role("button", name="Copy the link").click()
    expect(dialog.get_by_role("status")).to_have_text("Link copied.")
    link = visitor.page.evaluate("navigator.clipboard.readText()")
    assert link == dialog.locator("code").inner_text()

    friend = visit()
    friend.page.goto(link)
    expect(friend.page.locator(".prompt")).to_have_text("A paper boat turns slowly.")
    friend.page.wait_for_function("document.querySelector('video').readyState >= 1")
    friend.page.get_by_role("link", name="Use these settings").click()
    expect(friend.prompt).to_have_value("A paper boat turns slowly.")
    expect(friend.thumbnails).to_have_count(0)

    dialog.get_by_role("button", name="Revoke the link").click()
    expect(dialog.get_by_role("button", name="Make a link")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    assert friend.page.request.get(link).status == 404

    with visitor.page.expect_download() as started:
        visitor.more("Download without settings")
    assert started.value.suggested_filename.startswith("vidu-")
    assert read_settings(Path(started.value.path())) is None


def test_a_zip_is_taken_along_played_and_dropped_back(
    app: App, browser: Browser, visitor: Visitor, pngs: dict[str, Path], tmp_path: Path
) -> None:
    maker = Maker(app, visitor)
    maker.done(
        maker.start(pngs["green"], "The green one.", seed=11),
        maker.start(pngs["blue"], "The blue one.", seed=12),
    )
    maker.show()
    page = visitor.page
    page.get_by_role("checkbox", name="Select all").check()
    with page.expect_download() as started:
        visitor.button("Download 2 as a zip").click()
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)

    with zipfile.ZipFile(path) as zipped:
        zipped.extractall(tmp_path / "there")
    away = browser.new_page()
    away.goto(f"file://{tmp_path}/there/index.html")
    away.wait_for_function(
        "[...document.querySelectorAll('video')].filter(v => v.readyState >= 1).length === 2"
    )
    away.wait_for_function(
        "[...document.querySelectorAll('img')].filter(i => i.naturalWidth > 0).length === 2"
    )
    away.close()

    visitor.upload(path)
    expect(visitor.said).to_contain_text("The first video's settings and pictures are now")
    offered = page.locator("#brought li")
    expect(offered).to_have_count(2)
    list_at, prompt_at = offered.first.bounding_box(), visitor.prompt.bounding_box()
    assert list_at
    assert prompt_at
    assert prompt_at["y"] < list_at["y"]  # so that it stays in sight
    first = visitor.prompt.input_value()
    other = {"The green one.": "The blue one.", "The blue one.": "The green one."}[first]
    expect(visitor.thumbnails).to_have_count(1)
    offered.filter(has_text=other).get_by_role("button").click()
    expect(visitor.prompt).to_have_value(other)
    expect(visitor.thumbnails).to_have_count(1)
    expect(offered.filter(has_text=other).get_by_role("button")).to_have_attribute(
        "aria-current", "true"
    )
    page.locator("#brought").get_by_role("button", name="Close").click()
    expect(offered).to_have_count(0)
