"""Generates the parts of the documentation that come from the code: `python -m docs.build`.

A generated part goes between `<!-- made by docs/build.py: NAME -->` and `<!-- end -->`, where NAME
is one of `PARTS`. The rest of a page is written by hand.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import vidu_demo.ui.mounting  # noqa: F401 - so that every error is defined
from vidu_demo.api import errors, images, limits, pricing, refusals
from vidu_demo.api.client import BASE_URL, DOWNLOAD_PAUSES, RESULT_PATH
from vidu_demo.api.errors import Charged, ViduError
from vidu_demo.api.formats import heif, webp
from vidu_demo.api.formats import limits as media_limits
from vidu_demo.api.refusals import ApiRefused, TaskFailed
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.responses import refusal
from vidu_demo.examples import EXAMPLES
from vidu_demo.settings import ROOT, Settings
from vidu_demo.simulator.refusals import MAGIC_WORDS, TASK_FAILS, RefusedError
from vidu_demo.ui.form.phrases import CHIPS
from vidu_demo.ui.guard.limits import LIMITS

NOTEBOOK = "notebooks/quickstart.ipynb"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_MADE = re.compile(r"(<!-- made by docs/build\.py: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def build(page: str) -> str:
    """Regenerate the generated parts of a page.

    Raises:
        KeyError: The page names a part that does not exist.
    """
    return _MADE.sub(lambda made: f"{made[1]}\n{PARTS[made[2]]()}\n\n{made[3]}", page)


def table(head: str, rows: Iterable[Iterable[str]]) -> str:
    """Write a table; `head` is the column names, separated by `|`."""
    lines = [head, "|".join(" --- " for _ in head.split("|"))]
    lines += [" | ".join(cell.replace("|", r"\|") for cell in row) for row in rows]
    return "\n".join(f"| {line.strip()} |" for line in lines)


def code(text: str) -> str:
    """Format a text as code; an empty text stays empty."""
    return f"`{text}`" if text else ""


def request_fields() -> str:
    """List the fields of a request."""
    rows = (
        (code(name), about["title"], _values(about), _default(about), about["description"])
        for name in VideoRequest.model_fields
        for about in [VideoRequest.describe(name)]
    )
    return table("field | on the page | values | default | what it does", rows)


def _default(about: dict[str, Any]) -> str:
    if "default" not in about:
        return "required"
    default = about["default"]
    return "" if default in ("", None) else code(json.dumps(default))


def _values(about: dict[str, Any]) -> str:
    match about:
        case {"enum": options}:
            return ", ".join(code(option) for option in options)
        case {"minimum": low, "maximum": high}:
            return f"whole number, {low} to {high}"
        case {"type": "array"}:
            return "one or more"
        case {"type": "boolean"}:
            return "true or false"
        case {"maxLength": most}:
            return f"text, at most {most} characters"
        case _:
            return "text"


def picture_limits() -> str:
    """Say which pictures are accepted."""

    def most(bytes_per_pixel: float) -> int:
        return int(media_limits.MAX_DECODE_BYTES / bytes_per_pixel / 1e6)

    return (
        f"Formats: {', '.join(images.FORMATS)}, recognised by content, not by name; of an "
        f"animation, the first frame. Camera RAW files are refused: export them as JPEG. One file: "
        f"at most {images.MAX_FILE_BYTES // 1_000_000} MB, {media_limits.MAX_PIXELS // 1_000_000} "
        f"megapixels and {media_limits.MAX_SIDE} pixels per side "
        f"({most(webp.BYTES_PER_PIXEL)} megapixels as WebP, "
        f"{most(heif.BYTES_PER_PIXEL['AVIF'])} as AVIF, "
        f"{most(heif.BYTES_PER_PIXEL['HEIF'])} as HEIC), from "
        f"1:{images.MAX_RATIO} to {images.MAX_RATIO}:1. The pictures of a request are sent as at "
        f"most {images.MAX_POST_BYTES / 1_000_000:g} MB in total."
    )


def bounds() -> str:
    """List the limits on what is sent and read, and on how long downloads take."""
    mb = 1_000_000
    rows = [
        ("a submit", f"at most {limits.MAX_BODY_BYTES // mb} MB as JSON, pictures included"),
        ("a picture's URL or path", f"at most {limits.MAX_ADDRESS:,} characters"),
        ("all URLs in a request together", f"at most {limits.MAX_ADDRESSES:,} characters"),
        ("a voice id", f"at most {limits.MAX_VOICE} characters"),
        ("an answer from the API", f"read up to {limits.MAX_ANSWER_BYTES // mb} MB"),
        ("a task id in an answer", f"read up to {limits.MAX_TASK_ID:,} characters"),
        ("a video", f"at most {limits.MAX_VIDEO_BYTES // mb} MB"),
        (
            "a download",
            f"{limits.START_SECONDS:.0f} s to start, then at least "
            f"{limits.SLOWEST_BYTES_PER_SECOND // 1000} kB/s on average; "
            f"{limits.LONGEST_DOWNLOAD / 60:.0f} min in total",
        ),
        (
            "`client.download`",
            f"{len(DOWNLOAD_PAUSES) + 1} attempts, over at least {sum(DOWNLOAD_PAUSES):.0f} s",
        ),
    ]
    return table("what | limit", rows)


def notices() -> str:
    """List the settings without effect, from two requests that between them have all of these."""
    drafts = (
        VideoRequest.unchecked(
            images=["1", "2"],
            prompt="x" * (VideoRequest.LONG_PROMPT + 1),
            seed=0,
            voice_id="x",
            bgm=True,
            duration=10,
            movement_amplitude="high",
        ),
        VideoRequest.unchecked(images=[], prompt="", audio=True, off_peak=True),
    )
    found = {notice.field: notice.text for draft in drafts for notice in draft.notices()}
    rows = ((code(f), found[f]) for f in VideoRequest.model_fields if f in found)
    return table("field | what the page says", rows)


def prices() -> str:
    """List prices by length and resolution, and what sound and off-peak change."""

    def price(**settings: Any) -> str:
        return pricing.format_price(VideoRequest(images=["x"], prompt="x", **settings).price)

    length = VideoRequest.describe("duration")
    resolutions = VideoRequest.describe("resolution")["enum"]
    rows = [
        (f"{seconds} s", *(price(duration=seconds, resolution=size) for size in resolutions))
        for seconds in range(length["minimum"], length["maximum"] + 1)
    ]
    return (
        f"{table('length | ' + ' | '.join(resolutions), rows)}\n\n"
        f"US dollars per video, from Vidu's own price list of {pricing.DATED}. A {price()} video "
        f"costs {price(audio=True)} with sound, and {price(off_peak=True)} off-peak, taking "
        f"off-peak as half price. Music and watermark cost nothing extra."
    )


def settings() -> str:
    """List the environment variables."""
    rows = []
    for about in fields(Settings):
        default = "" if about.default in (None, False) else about.default
        shown = default.relative_to(ROOT) if isinstance(default, Path) else default
        rows.append((code(about.metadata["env"]), about.metadata["help"], code(str(shown))))
    return table("variable | meaning | default", rows)


def limits_of_the_app() -> str:
    """List the limits of the app."""
    return table(
        "limit | unit | what it limits",
        (
            (f"{getattr(LIMITS, about.name):,}", about.metadata["unit"], about.metadata["help"])
            for about in fields(LIMITS)
        ),
    )


def calls() -> str:
    """List the two API calls that are used."""
    return table(
        "call | purpose",
        [
            (code(f"POST {BASE_URL}{VideoRequest.PATH}"), "Buys a task and returns its id."),
            (
                code(f"GET {BASE_URL}{RESULT_PATH}?task_id=…"),
                "Returns a task's status, and the video's link once it is done.",
            ),
        ],
    )


def meanings() -> str:
    """List the errors: what happened, whether it was charged, what to do."""
    rows = []
    for kind in _errors(ViduError):
        what = vars(kind).get("what") or (kind.__doc__ or "").partition("\n")[0]
        rows.append((code(kind.__name__), what, _charged(kind), kind.next_step))
    return table("error | what happened | charged | what to do", rows)


def _errors(kind: type[ViduError]) -> Iterator[type[ViduError]]:
    def home(child: type[ViduError]) -> tuple[bool, str]:
        return child.__module__ != errors.__name__, child.__module__

    for child in sorted(kind.__subclasses__(), key=home):
        if child.__module__.startswith("vidu_demo."):  # tests may define some too
            yield child
            yield from _errors(child)


def _charged(kind: type[ViduError]) -> Charged:
    """Tell what is known about the charge when a submit raises this error."""
    if issubclass(kind, ApiRefused) and kind.reasons:
        return _refusal(min(kind.reasons)).charged
    return kind.charged


def _refusal(reason: str) -> ApiRefused:
    return refusal(400, json.dumps({"reason": reason}))


def reasons() -> str:
    """List the vendor's codes by what they mean."""
    return table(
        "error | the API's codes",
        (
            (code(kind.__name__), ", ".join(map(code, sorted(kind.reasons))))
            for kind in refusals.MEANINGS
        ),
    )


def magic_words() -> str:
    """List the words that trigger an error in the simulator."""
    rows = []
    for word, (status, reason, message) in MAGIC_WORDS.items():
        late = status == TASK_FAILS
        body = json.dumps(RefusedError(status, reason, message).body)
        error = TaskFailed("", reason) if late else refusal(status, body)
        rows.append((code(word), "after a while" if late else "at once", error.what))
    return table("in the prompt | when | what the page says", rows)


def chips() -> str:
    """List the prompt phrases that the page offers."""
    return table("about | phrases", ((about, " ".join(CHIPS[about])) for about in CHIPS))


def makers() -> str:
    """Say who made the examples' pictures."""
    return table("example | picture", ((e.name, f"{e.credit}.") for e in EXAMPLES))


def colab() -> str:
    """Link to the notebook on Colab."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())
    repository = about["project"]["urls"]["Repository"].removeprefix("https://github.com")
    notebook = f"https://colab.research.google.com/github{repository}/blob/main/{NOTEBOOK}"
    badge = "https://colab.research.google.com/assets/colab-badge.svg"
    return f"[![Open in Colab]({badge})]({notebook})"


PARTS: dict[str, Callable[[], str]] = {
    "fields": request_fields,
    "pictures": picture_limits,
    "bounds": bounds,
    "notices": notices,
    "prices": prices,
    "settings": settings,
    "limits": limits_of_the_app,
    "calls": calls,
    "errors": meanings,
    "reasons": reasons,
    "magic": magic_words,
    "chips": chips,
    "credits": makers,
    "colab": colab,
}


def main() -> None:
    """Regenerate every page."""
    for page in PAGES:
        page.write_text(build(page.read_text()))


if __name__ == "__main__":
    main()
