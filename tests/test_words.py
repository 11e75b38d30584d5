"""The Chinese words: complete for what the page itself says, and nothing left over."""

import ast
import string
from pathlib import Path

from vidu_demo import jobs
from vidu_demo.errors import Charged
from vidu_demo.request import FIELDS, VideoRequest, schema
from vidu_demo.ui import history, page, status
from vidu_demo.ui.chinese import CHINESE
from vidu_demo.ui.words import speaker

UI = Path(page.__file__).parent


def literals() -> set[str]:
    """Every text that a part of the page hands to `I18N` or `say` as it stands."""
    found = set()
    for file in UI.glob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("I18N", "say"):
                texts = [call.args[0]]
                if isinstance(call.args[0], ast.IfExp):
                    texts = [call.args[0].body, call.args[0].orelse]
                found |= {text.value for text in texts if isinstance(text, ast.Constant)}
    return found


def notices() -> set[str]:
    sketches = [
        {"images": ["a", "b"], "prompt": "x" * 2001, "seed": 0, "voice_id": "x", "bgm": True},
        {"images": ["a"], "prompt": "x", "movement_amplitude": "high"},
        {"images": ["a"], "prompt": "x", "off_peak": True, "audio": True},
    ]
    requests = [VideoRequest.model_construct(**{"duration": 9, **sketch}) for sketch in sketches]
    return {notice.text for request in requests for notice in request.notices()}


def said() -> set[str]:
    fields = {schema(f).get(key) for f in FIELDS for key in ("title", "description", "ask")}
    payers = {
        page.who_pays(simulated=simulated, own=own)
        for simulated in (True, False)
        for own in (True, False)
    }
    return {
        *literals(),
        *notices(),
        *(text for text in fields if text),
        *payers,
        *status.STEPS,
        *status._FAULTS.values(),
        *history._STATES.values(),
        *(charged.sentence for charged in Charged),
        jobs.STOPPED_WATCHING["message"],
        jobs.STOPPED_WATCHING["next_step"],
        jobs.AskedAlready.what,
        jobs.AskedAlready.next_step,
    }


def test_what_the_page_says_is_translated() -> None:
    texts = said()
    assert len(texts) > 120
    assert texts - set(CHINESE) == set()


def test_translations_keep_the_places_for_figures() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert {key: places(key) for key in CHINESE} == {
        key: places(text) for key, text in CHINESE.items()
    }


def test_the_browsers_first_language_decides() -> None:
    assert speaker("zh-CN,zh;q=0.9,en;q=0.8")("Done") == "完成"
    assert speaker("de-DE,zh;q=0.5")("Done") == "Done"
    assert speaker("")("Done") == "Done"
    assert speaker("zh")("no such text") == "no such text"
