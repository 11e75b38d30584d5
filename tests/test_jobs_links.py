"""Links to single videos: what they lead to, and when they end."""

import re

from runner_fixtures import OTHER, OWNER, Bench


def test_a_link_leads_to_its_video_until_it_is_revoked(bench: Bench) -> None:
    job, runner = bench.done(bench.start()), bench.runner
    assert runner.link(job) is None
    before = runner.version(OWNER)
    link = runner.share(job.id, OWNER)
    assert link
    assert re.fullmatch("[0-9a-f]{32}", link)
    assert runner.share(job.id, OWNER) == link == runner.link(job)
    assert runner.shared(link) == job
    assert runner.version(OWNER) != before
    runner.unshare(job.id, OTHER)
    assert runner.shared(link) == job
    runner.unshare(job.id, OWNER)
    assert runner.shared(link) is None
    assert runner.share(job.id, OWNER) not in (None, link)


def test_only_a_finished_video_of_ones_own_is_shared(bench: Bench) -> None:
    job = bench.done(bench.start())
    assert bench.runner.share(job.id, OTHER) is None
    assert bench.runner.share("nonsense", OWNER) is None
    bench.file(job).unlink()
    assert bench.runner.share(job.id, OWNER) is None
    for link in ("", "x", "'", "\0", job.id):
        assert bench.runner.shared(link) is None


def test_a_link_survives_a_restart_but_not_its_video(bench: Bench) -> None:
    job = bench.done(bench.start())
    link = bench.runner.share(job.id, OWNER)
    assert link
    runner = bench.reopen()
    assert runner.shared(link)
    assert runner.delete(job.id, OWNER)
    assert runner.shared(link) is None
    assert not (bench.videos / job.id).exists()


def test_a_link_ends_with_the_term_of_its_video(bench: Bench) -> None:
    job = bench.done(bench.start())
    link = bench.runner.share(job.id, OWNER)
    bench.runner.delete_older(job.created + 1e9)
    assert bench.runner.shared(link or "") is None
