"""The pictures: uploading, checking and ordering them, or giving URLs."""

import time
from collections.abc import Iterable, Sequence
from functools import partial
from os import PathLike
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo.api.errors import PictureInvalid, Problem, RequestInvalid
from vidu_demo.api.images import MAX_FILE_BYTES, is_url
from vidu_demo.api.mp4.video import ClipFailed
from vidu_demo.api.text import Text, own
from vidu_demo.media.archive import is_archive
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.context import RAW, SHORT, Context
from vidu_demo.ui.form import brought, tile, uploads
from vidu_demo.ui.form.brought import Brought
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.form.uploads import MAX_PICTURES, UploadedFile
from vidu_demo.ui.i18n.words import I18N, Say, words_for


class Checked(NamedTuple):
    """The outcome of an upload.

    Attributes:
        files: The pictures to add.
        said: What is wrong with the others, or what was done with a video.
        settings: The settings in a dropped video, if there was one.
        film: A dropped film that was joined here, if there was one.
        brought: The first take of a dropped zip, if there was one.
    """

    files: list[UploadedFile]
    said: str
    settings: dict[str, Any] | None
    film: UploadedFile | None = None
    brought: Brought | None = None


def check(paths: Any, opener: Opener, say: Say = str) -> Checked:
    """Leave out files that can't be used, say why, and convert what browsers can't show.

    A picture that is only too long stays, since it can be padded or cropped. A video is replaced
    by its first frame, and a zip of takes by its first take.

    Args:
        paths: The paths of the uploads, as the browser sends them.
        opener: Opens them.
        say: The visitor's language.
    """
    usable: list[UploadedFile] = []
    said, settings, film, taken = [], None, None, None
    refused: dict[str, list[str]] = {}
    for file in uploads.existing(paths):
        name = file.path.name[:60]
        try:
            if is_archive(file.path):
                if taken:  # one is enough, and each is unpacked
                    continue
                taken = brought.bring(file, 0, opener, say)
                said.append(say(_ZIP_READ))
                continue
            if opener.is_video(file):
                if opener.story(file):
                    film = file
                    continue
                usable.append(opener.first_frame(file))
                settings = opener.settings(file)
                said.append(say(_CLIP_READ if settings else _CLIP_WITHOUT))
                continue
            opener.frame(file)
            usable.append(opener.viewable(file))
        except PictureInvalid as error:
            refused.setdefault(own(error.what), []).append(name)
        except ClipFailed:
            refused.setdefault(own(_NO_VIDEO), []).append(name)
    said += [
        say(Text("“{name}”: {text}", name=_listed(names), text=reason))
        for reason, names in refused.items()
    ]
    if isinstance(paths, list) and len(paths) > MAX_PICTURES:
        said.append(say(_ONLY_FIRST))
    return Checked(usable, "\n".join(said), settings, film, taken)


_NO_VIDEO = "This file can't be opened as a video."
_CLIP_READ = "The video's settings are now in the form, with its first frame as the picture."
_ZIP_READ = "The first video's settings and pictures are now in the form."
_ONLY_FIRST = Text("Only the first {most} were added.", most=MAX_PICTURES)
_CLIP_WITHOUT = "This video has no settings from this page; its first frame is now the picture."
_NAMED = 2
"""Files that are refused for the same reason, by their names; the others are an ellipsis."""


def _listed(names: Sequence[str]) -> str:
    """List a few names: what is said must not push the prompt out of sight."""
    more = ", …" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def url_lines(text: Any) -> list[str]:
    """Split the URL box into lines, finished or not."""
    lines = text.splitlines() if isinstance(text, str) else ()
    return [line.strip() for line in lines if line.strip()]


def read_urls(text: Any) -> list[str]:
    """Read picture URLs, one per line.

    Raises:
        RequestInvalid: A line is not an http(s) URL. It would be opened as a local file.
    """
    lines = url_lines(text)
    for line in lines:
        if not is_url(line):
            raise RequestInvalid(
                Problem("images", Text("“{line}” is not a picture URL.", line=line[:60]))
            )
    return lines


def _adding(say: Say) -> str:
    return templates.render(
        "adding.html", largest=MAX_FILE_BYTES, too_large=uploads.TOO_LARGE, say=say
    )


_markup = partial(gr.HTML, js_on_load=None, apply_default_css=False, padding=False)


class Pictures:
    """The upper part of the form.

    Attributes:
        tile: Shows the pictures, or how to begin.
        files: The list of pictures, which the browser changes and the server can replace. Its
            script turns what is clicked in the tile into events.
        news: What the server tells the script: pictures to add or to replace, and what was wrong.
    """

    def __init__(self) -> None:
        with gr.Column(elem_id="pictures"):
            self.tile = _markup(tile.render([], "", ""), elem_id="tile")
            self._adding = _markup(_adding(str), elem_id="adding")
            self.files = gr.HTML(
                [],
                html_template="",
                # gr.HTML has the events that this names.
                js_on_load="vidu.pictures(trigger, props, watch, 'upload', 'fit', 'example')",
                visible="hidden",
            )
        self.news, self._drawn = gr.JSON(visible=False), gr.JSON(visible=False)

    @property
    def translated(self) -> list[gr.blocks.Block]:
        """The outputs of `translate`."""
        return [self.tile, self._adding]

    def translate(self, say: Say) -> Updates:
        """Show how to begin, in the visitor's language."""
        return {self.tile: tile.render([], "", "", say), self._adding: _adding(say)}

    def add_urls(self) -> None:
        """Add the URL box, which comes further down."""
        with gr.Accordion(
            I18N("Or use picture URLs"), open=False, elem_id="addresses", elem_classes="fold"
        ):
            self.urls = gr.Textbox(
                label=I18N("Picture URLs"),
                info=I18N("One per line. They come after the uploaded pictures."),
                lines=2,
                placeholder="https://…",
                elem_id="urls",
            )

    def tell(
        self,
        said: str,
        files: Iterable[PathLike[str]] = (),
        *,
        replaces: str | None = None,
        uploaded: bool = False,
    ) -> Updates:
        """Say something beside the pictures, and add some to the list as it is by then.

        Args:
            said: What to say; nothing if it is empty.
            files: The pictures to add.
            replaces: The path of the picture that they replace, if it is still there.
            uploaded: True if this answers an upload.
        """
        news = {
            "said": said,
            "files": uploads.as_files(files),
            "replaces": replaces,
            "uploaded": uploaded,
            "at": time.time(),  # so that the same news can come twice
        }
        return {self.news: news}

    def listen(self, context: Context, resolution: Any, filled_at: gr.Textbox) -> None:
        """Wire what stays within the pictures."""

        def draw(request: gr.Request, files: Any, **values: Any) -> dict[str, Any]:
            pictures = tile.inspect(context.opener(request), files)
            html = tile.render(pictures, **values, say=words_for(request))
            return {"html": html, "paths": [picture.path for picture in pictures]}

        def fit(request: gr.Request, event: gr.EventData) -> Updates:
            way, path = getattr(event, "way", ""), getattr(event, "path", "")
            fitted = tile.fit(context.opener(request), way, path)
            return self.tell("", fitted, replaces=path) if fitted else {self.news: gr.skip()}

        inputs = {"files": self.files, "urls": self.urls, "resolution": resolution}
        changes = [widget.change for widget in (*inputs.values(), filled_at)]
        drawn = context.listen(
            partial(gr.on, changes),
            draw,
            inputs,
            self._drawn,
            trigger_mode="always_last",
            api_name="tile",
            **RAW,
        )
        drawn.success(None, [self._drawn, self.files], self.tile, js="vidu.drawPictures", **SHORT)
        context.listen(self.files.fit, fit, {}, self.news, trigger_mode="multiple", api_name="fit")
        self.news.change(None, self.news, None, js="vidu.tellPictures", **SHORT)
