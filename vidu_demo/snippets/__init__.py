"""A request as a complete program in several languages, to be pasted and run.

The programs are the files beside this one, each in its own language, with marks such as
`§fields` where the request is written in. A program reads the key from `NOVITA_API_KEY` and the
pictures from the folder it is run in.
"""

import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from string import Template
from typing import Any, Literal, NamedTuple

from PIL import Image

from vidu_demo.api.client import BASE_URL, RESULT_PATH
from vidu_demo.api.images import ImageInput, is_url
from vidu_demo.api.pacing import CALM_SHORTEST
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.responses import writable

PLACEHOLDER = "photo.jpg"
"""Stands for a picture that has no name, and for one that is still to be chosen."""

PAUSE = 5
"""Seconds between two questions, in the programs that don't leave it to the client."""


class Snippet(NamedTuple):
    """A program in one language.

    Attributes:
        label: What people call it.
        language: What `gr.Code` calls the language.
        write: Writes the program of a request, which need not be complete or within its limits.
    """

    label: str
    language: Literal["shell", "python", "javascript"]
    write: Callable[[VideoRequest], str]


class _Program(Template):
    """A program with marks; `$` means too much in these languages to mark anything."""

    delimiter = "§"


def _fill(
    program: str,
    request: VideoRequest,
    *,
    field: str,
    literal: Callable[[Any], str],
    picture: Callable[[str], str],
    **marks: str,
) -> str:
    """Write a request into a program.

    Args:
        program: The name of the program's file.
        request: The request.
        field: How a field is written, with two places: its name and its value.
        literal: Writes a value of JSON in the program's language.
        picture: Writes what reads a picture's file, given its name.
        marks: What only this program asks for.
    """
    known = {name: value for name, value in request if value is not None}
    filled = VideoRequest.unchecked(**{"prompt": "", **VideoRequest.DEFAULTS, **known})
    values = {name: literal(value) for name, value in filled.payload([]).items()}
    pictures = [literal(name) if is_url(name) else picture(name) for name in _pictures(request)]
    values["images"] = f"[{', '.join(pictures)}]"
    text = _Program(Path(__file__).with_name(program).read_text("utf-8")).substitute(
        base_url=BASE_URL,
        submit_path=request.PATH,
        result_path=RESULT_PATH,
        pause=int(CALM_SHORTEST) if filled.off_peak else PAUSE,
        fields=",\n".join(field.format(*item) for item in values.items()),
        **marks,
    )
    return writable(text)


def _pictures(request: VideoRequest) -> Iterator[str]:
    """Name the pictures: URLs as they are, files without the folder they are in here.

    Files of one name are numbered, since whoever runs the program has them in one folder.
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
    if suffix in (".heic", ".heif"):  # Pillow itself knows none of these
        return "image/heif"
    return Image.MIME.get(Image.registered_extensions().get(suffix, ""), "image/jpeg")


_json = partial(json.dumps, ensure_ascii=False)


def _python(value: Any) -> str:
    return _json(value) if isinstance(value, str) else repr(value)


def _here_document(value: Any) -> str:
    """Write JSON that Bash reads back as it is; of the backslashes only a pair means one."""
    text = _json(value).replace("\\\\", "\\\\\\\\")
    return text.replace("$", "\\$").replace("`", "\\`")


def _curl(request: VideoRequest) -> str:
    files = [name for name in _pictures(request) if not is_url(name)]
    return _fill(
        "curl.sh",
        request,
        field='  "{}": {}',
        literal=_here_document,
        picture=lambda name: f'"$picture{files.index(name) + 1}"',
        pictures="".join(
            f"picture{number}=$(data_uri {_mime(name)} {shlex.quote(name)})\n"
            for number, name in enumerate(files, 1)
        ),
    )


def _requests(request: VideoRequest) -> str:
    return _fill(
        "requests.py.txt",
        request,
        field='    "{}": {}',
        literal=_python,
        picture=lambda name: f'data_uri("{_mime(name)}", {_python(name)})',
    )


def _vidu_demo(request: VideoRequest) -> str:
    return _fill(
        "vidu_demo.py.txt", request, field="        {}={}", literal=_python, picture=_python
    )


def _javascript(request: VideoRequest) -> str:
    return _fill(
        "fetch.mjs",
        request,
        field="  {}: {}",
        literal=_json,
        picture=lambda name: f'dataUri("{_mime(name)}", {_json(name)})',
    )


SNIPPETS: tuple[Snippet, ...] = (
    Snippet("curl", "shell", _curl),
    Snippet("Python · requests", "python", _requests),
    Snippet("Python · vidu_demo", "python", _vidu_demo),
    Snippet("JavaScript", "javascript", _javascript),
)
