"""What filled the form: what it changed, what of that is left, and what a browser may send."""

from typing import Any

import pytest

from vidu_demo.ui.form.filling import By, Filling, settings

BEFORE = {"files": ["a"], "urls": "", "prompt": "A wave.", "duration": 5, "takes": 2}
AFTER = {**settings(BEFORE), "duration": 3, "seed": 7}


def test_a_mark_stays_until_its_field_is_edited() -> None:
    filling = Filling(BEFORE, AFTER)
    assert filling.fields == ["duration", "seed"]
    now = {**BEFORE, **AFTER}
    assert filling.marked(now) == ["duration", "seed"]
    assert filling.summary(now) == "2 settings changed"
    now["seed"] = 8
    assert filling.marked(now) == ["duration"]
    assert filling.summary(now) == "2 settings changed"
    now["duration"] = 4
    assert (filling.marked(now), filling.summary(now)) == ([], "")


def test_one_setting_or_none_but_the_pictures() -> None:
    one = Filling(BEFORE, {**settings(BEFORE), "seed": 7})
    assert one.summary(one.after) == "1 setting changed"
    same = Filling(BEFORE, settings(BEFORE))
    assert same.summary(BEFORE) == ""
    assert same.summary({**BEFORE, "files": ["b"]}) == "Pictures changed"
    assert same.summary({**BEFORE, "urls": "https://example.com/a.jpg"}) == "Pictures changed"


@pytest.mark.parametrize(
    "sent",
    [None, "", 7, [], {}, {"before": [], "after": {}, "by": "json"}, {"before": {}, "after": {}}],
)
def test_nothing_is_read_of_what_is_no_filling(sent: Any) -> None:
    assert Filling.read(sent) is None


def test_what_a_browser_sends_is_within_the_limits() -> None:
    sent = {"before": {"prompt": [1]}, "after": {"duration": 99, "takes": 12, "x": 1}, "by": "json"}
    read = Filling.read(sent)
    assert read
    assert (read.by, read.after) == (By.JSON, settings({}))
    assert read.fields == []
    assert Filling.read(Filling(BEFORE, AFTER)._asdict()) == Filling(BEFORE, AFTER)
