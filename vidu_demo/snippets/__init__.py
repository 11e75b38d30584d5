"""A request as a complete program in several languages, ready to paste and run.

The programs are the files next to this one, with marks such as `§fields` where the request goes. A
program reads the key from `NOVITA_API_KEY` and the pictures from the folder it is run in. This
package knows nothing of Gradio or the page.
"""

import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from string import Template
from typing import Any, Literal, NamedTuple, Protocol

from PIL import Image

from vidu_demo.api.client import BASE_URL, RESULT_PATH
from vidu_demo.api.images import ImageInput, is_url
from vidu_demo.api.pacing import CALM_SHORTEST
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.responses import writable

PLACEHOLDER = "photo.jpg"
"""The name for a picture without one, or one that has not been chosen yet."""

PAUSE = 5
"""Seconds between polls, in the programs that don't leave that to the client."""


class Loop(NamedTuple):
    """How a program makes several videos, one after the other.

    Attributes:
        field: What differs: the `seed`, or the `images`, of which each makes a video; empty if
            nothing does, or something else.
        values: The seeds; if nothing differs, the numbers of the videos.
        changes: If something else differs, what each video has instead of the request's own
            values, by field; of the images, the place of one.
    """

    field: Literal["seed", "images", ""]
    values: tuple[int, ...] = ()
    changes: tuple[Mapping[str, Any], ...] = ()


ONCE = Loop("", (1,))


class Snippet(NamedTuple):
    """A program in one language.

    Attributes:
        label: Its display name.
        language: The name of the language for `gr.Code`.
        write: Writes the program for a request, which need not be complete or valid, and for the
            videos to make of it.
    """

    label: str
    language: Literal["shell", "python", "javascript"]
    write: "Write"


class Write(Protocol):
    """Writes a program."""

    def __call__(self, request: VideoRequest, loop: Loop = ONCE) -> str:
        """Write the program for a request and the videos to make of it."""


class _Program(Template):
    """A program with marks. `$` has too many meanings in these languages to be one."""

    delimiter = "§"


def _fill(
    program: str,
    request: VideoRequest,
    *,
    field: str,
    literal: Callable[[Any], str],
    picture: Callable[[str], str],
    given: Mapping[str, str] | None = None,
    **marks: str,
) -> str:
    """Write a request into a program.

    Args:
        program: The name of the program's file.
        request: The request.
        field: The format of a field, with places for its name and its value.
        literal: Writes a JSON value in the program's language.
        picture: Writes the code that reads a picture file, given its name.
        given: Code for the values of fields, instead of the request's own.
        marks: Values for marks that only this program has.
    """
    known = {name: value for name, value in request if value is not None}
    filled = VideoRequest.unchecked(**{"prompt": "", **VideoRequest.DEFAULTS, **known})
    values = {name: literal(value) for name, value in filled.payload([]).items()}
    pictures = [literal(name) if is_url(name) else picture(name) for name in picture_names(request)]
    values["images"] = f"[{', '.join(pictures)}]"
    values |= given or {}
    text = _Program(Path(__file__).with_name(program).read_text("utf-8")).substitute(
        base_url=BASE_URL,
        submit_path=request.PATH,
        result_path=RESULT_PATH,
        pause=int(CALM_SHORTEST) if filled.off_peak else PAUSE,
        fields=",\n".join(field.format(*item) for item in values.items()),
        **marks,
    )
    return writable(text)


def picture_names(request: VideoRequest) -> Iterator[str]:
    """Name the pictures: URLs as they are, files without their folder.

    Files with the same name are numbered, since the program expects them all in one folder.
    """
    times = Counter[str]()
    for image in request.images or [PLACEHOLDER]:
        if is_url(image):
            yield image
            continue
        name = Path(_file_name(image))
        times[name.name] += 1
        number = times[name.name]
        yield name.name if number == 1 else f"{name.stem}-{number}{name.suffix}"


def _file_name(image: ImageInput) -> str:
    if isinstance(image, bytes | Image.Image) or str(image)[:5].lower() == "data:":
        return PLACEHOLDER
    return Path(image).name or PLACEHOLDER


def _mime(name: str) -> str:
    suffix = Path(name).suffix.lower()
    if suffix in (".heic", ".heif"):  # Pillow itself does not know these
        return "image/heif"
    return Image.MIME.get(Image.registered_extensions().get(suffix, ""), "image/jpeg")


_json = partial(json.dumps, ensure_ascii=False)


def _python(value: Any) -> str:
    return _json(value) if isinstance(value, str) else repr(value)


def _here_document(value: Any) -> str:
    """Write JSON for a Bash here-document, in which two backslashes stand for one."""
    text = _json(value).replace("\\\\", "\\\\\\\\")
    return text.replace("$", "\\$").replace("`", "\\`")


def _curl(request: VideoRequest, loop: Loop = ONCE) -> str:
    files = [name for name in picture_names(request) if not is_url(name)]

    def picture(name: str) -> str:
        return f'"$picture{files.index(name) + 1}"'

    # Of what is set by the loop, the shell replaces the name only: a value is not read again.
    given, run = {}, "make"
    if loop.field == "images":
        given = {"images": "[$picture]"}
        each = (
            shlex.quote(_json(name)) if is_url(name) else f"'\"'{picture(name)}'\"'"
            for name in picture_names(request)
        )
        run = f"for picture in {' '.join(each)}; do make; done"
    elif loop.changes:
        given = {name: "[$picture]" if name == "images" else f"${name}" for name in loop.changes[0]}
        names = [*picture_names(request)]

        def word(name: str, value: Any) -> str:
            if name != "images":
                return f"{name}={shlex.quote(_json(value))}"
            named = names[value]
            quoted = shlex.quote(_json(named)) if is_url(named) else f"'\"'{picture(named)}'\"'"
            return f"picture={quoted}"

        # Apart from the call: otherwise they would be in curl's environment, which is too small.
        run = "\n".join(
            " ".join(word(*item) for item in change.items()) + "; make" for change in loop.changes
        )
    elif loop != ONCE:
        name = loop.field or "video"
        given = {loop.field: f"${name}"} if loop.field else {}
        run = f"for {name} in {' '.join(map(str, loop.values))}; do make; done"
    return _fill(
        "curl.sh",
        request,
        field='  "{}": {}',
        literal=_here_document,
        picture=picture,
        given=given,
        run=run,
        pictures="".join(
            f"picture{number}=$(data_uri {_mime(name)} {shlex.quote(name)})\n"
            for number, name in enumerate(files, 1)
        ),
    )


def _python_loop(loop: Loop, request: str, images: str, changed: str) -> str:
    """Write a loop in Python.

    Args:
        loop: The loop.
        request: The name of the request.
        images: Its pictures.
        changed: A request with changes, with a place for the name and the value of the field.
    """
    match loop:
        case Loop(changes=(_, *_) as changes):
            each = "".join(
                f"    {_changed(change, lambda at: f'[{images}[{at}]]')},\n" for change in changes
            )
            update = changed.replace('{{"{}": {}}}', "change").replace('"{}": {}', "**change")
            update = update.replace("{{", "{").replace("}}", "}")
            return f"for change in [\n{each}]:\n    make({update})"
        case Loop("images"):
            return f"for image in {images}:\n    make({changed.format('images', '[image]')})"
        case Loop("seed", seeds):
            return f"for seed in {list(seeds)}:\n    make({changed.format('seed', 'seed')})"
        case Loop("", numbers) if loop != ONCE:
            return f"for _ in range({len(numbers)}):\n    make({request})"
    return f"make({request})"


def _changed(change: Mapping[str, Any], image: Callable[[int], str]) -> str:
    """Write a change in Python."""
    values = {
        name: image(value) if name == "images" else _python(value) for name, value in change.items()
    }
    return "{" + ", ".join(f'"{name}": {value}' for name, value in values.items()) + "}"


def _requests(request: VideoRequest, loop: Loop = ONCE) -> str:
    return _fill(
        "requests.py.txt",
        request,
        field='    "{}": {}',
        literal=_python,
        picture=lambda name: f'data_uri("{_mime(name)}", {_python(name)})',
        run=_python_loop(loop, "payload", 'payload["images"]', '{{**payload, "{}": {}}}'),
    )


def _vidu_demo(request: VideoRequest, loop: Loop = ONCE) -> str:
    changed = 'request.model_copy(update={{"{}": {}}})'
    run = _python_loop(loop, "request", "request.images", changed)
    return _fill(
        "vidu_demo.py.txt",
        request,
        field="        {}={}",
        literal=_python,
        picture=_python,
        # Not by `indent`: it takes some letters in a prompt for the ends of lines.
        run="    " + run.replace("\n", "\n    "),
    )


def _object(change: Mapping[str, Any]) -> str:
    """Write a change in JavaScript."""
    values = {
        name: f"[payload.images[{value}]]" if name == "images" else _json(value)
        for name, value in change.items()
    }
    return "{ " + ", ".join(f"{name}: {value}" for name, value in values.items()) + " }"


def _javascript(request: VideoRequest, loop: Loop = ONCE) -> str:
    match loop:
        case Loop(changes=(_, *_) as changes):
            each = ",\n".join(f"  {_object(change)}" for change in changes)
            over, given = f"change of [\n{each},\n]", "{ ...payload, ...change }"
        case Loop("images"):
            over, given = "image of payload.images", "{ ...payload, images: [image] }"
        case Loop("seed", seeds):
            over, given = f"seed of {list(seeds)}", "{ ...payload, seed }"
        case Loop(_, numbers):
            over, given = f"video of {list(numbers)}", "payload"
    run = f"await make({given});"
    return _fill(
        "fetch.mjs",
        request,
        field="  {}: {}",
        literal=_json,
        picture=lambda name: f'dataUri("{_mime(name)}", {_json(name)})',
        run=run if loop == ONCE else f"for (const {over}) {run}",
    )


SNIPPETS: tuple[Snippet, ...] = (
    Snippet("curl", "shell", _curl),
    Snippet("Python · requests", "python", _requests),
    Snippet("Python · vidu_demo", "python", _vidu_demo),
    Snippet("JavaScript", "javascript", _javascript),
)
