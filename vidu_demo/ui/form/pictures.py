"""The pictures: uploading, checking and ordering them, or giving URLs."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo.api.errors import PictureInvalid, Problem, RequestInvalid
from vidu_demo.api.images import is_url
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text, own
from vidu_demo.api.video import ClipFailed
from vidu_demo.ui import Updates, file_url, templates
from vidu_demo.ui.context import RAW, SHORT, Context
from vidu_demo.ui.form import uploads
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.form.uploads import UploadedFile
from vidu_demo.ui.i18n.words import I18N, Say


class Checked(NamedTuple):
    """The outcome of an upload.

    Attributes:
        swaps: The picture to use for each upload, by its path; None if it can't be used.
        said: What is wrong with the others, or what was done with a video.
        settings: The settings in a dropped video, if there was one.
    """

    swaps: dict[str, UploadedFile | None]
    said: str
    settings: dict[str, Any] | None


def check(files: Sequence[UploadedFile], opener: Opener, say: Say = str) -> Checked:
    """Drop files that can't be used, say why, and convert pictures that browsers can't show.

    A picture that is only too long stays, since it can be padded or cropped. A video is replaced
    by its first frame.

    Args:
        files: The uploads, and what was there before.
        opener: Opens them.
        say: The visitor's language.
    """
    swaps: dict[str, UploadedFile | None] = {}
    said, settings = [], None
    for file in files:
        name, swaps[str(file)] = file.path.name[:60], None
        try:
            if opener.is_video(file):
                swaps[str(file)] = opener.first_frame(file)
                settings = opener.settings(file)
                said.append(say(_CLIP_READ if settings else _CLIP_WITHOUT))
                continue
            opener.frame(file)
            swaps[str(file)] = opener.viewable(file)
        except PictureInvalid as error:
            said.append(say(Text("“{name}”: {text}", name=name, text=own(error.what))))
        except ClipFailed:
            said.append(say(Text("“{name}” can't be opened as a video.", name=name)))
    return Checked(swaps, "  \n".join(said), settings)


_CLIP_READ = "The video's settings are now in the form, with its first frame as the picture."
_CLIP_WITHOUT = "This video has no settings from this page; its first frame is now the picture."


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


def _mark(place: int | None) -> str:
    """Mark the picture to move. The gallery itself must not treat it as selected."""
    return "" if place is None else templates.render("mark.html", place=place)


class Pictures:
    """The upper part of the form."""

    def __init__(self) -> None:
        self.gallery = gr.Gallery(
            label=I18N(VideoRequest.describe("images")["title"]),
            show_label=True,
            interactive=True,
            type="filepath",
            file_types=["image"],
            sources=["upload", "webcam", "clipboard"],
            columns=4,
            fit_columns=False,
            height=176,
            object_fit="contain",
            allow_preview=False,
            buttons=[],
            elem_id="pictures",
        )
        self.chosen = gr.Number(visible=False, value=None, precision=0)
        with gr.Row(visible=False, elem_classes="order") as self.order:
            self.earlier = gr.Button(I18N("← Earlier"), size="sm", interactive=False)
            self.later = gr.Button(I18N("Later →"), size="sm", interactive=False)
        self.note = gr.Markdown(visible=False, elem_classes="notice")
        self.swaps = gr.JSON(visible=False)
        self.mark = gr.HTML(padding=False, elem_id="mark")

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

    def review(self, images: Sequence[Any]) -> Updates:
        """Offer to reorder the pictures if there are several."""
        return {self.order: gr.Row(visible=len(images) > 1)}

    @property
    def choice(self) -> list[gr.blocks.Block]:
        """The outputs that `choose_none` gives values for."""
        return [self.chosen, self.earlier, self.later, self.mark]

    def choose_none(self) -> Updates:
        """Choose no picture to move."""
        return self._choose(None)

    def _choose(self, place: int | None) -> Updates:
        can_move = gr.Button(interactive=place is not None)
        return {
            self.chosen: place,
            self.earlier: can_move,
            self.later: can_move,
            self.mark: _mark(place),
        }

    def tell(self, checked: Checked) -> Updates:
        """Say what was wrong with an upload, and which picture to use for each file."""
        return {
            self.note: gr.Markdown(checked.said, visible=bool(checked.said)),
            self.swaps: {
                path: new and {"path": str(new), "url": file_url(new.path)}
                for path, new in checked.swaps.items()
            },
        }

    def swap(self, told: gr.events.Dependency, filled_at: gr.Textbox) -> None:
        """Apply the swaps from `tell` to the gallery as it is by then."""
        inputs, outputs = [self.swaps, self.gallery], [self.gallery, filled_at]
        told.then(None, inputs, outputs, js="vidu.swap", **SHORT)

    def listen(self, context: Context, filled_at: gr.Textbox) -> None:
        """Wire the reordering of pictures."""

        def choose(event: gr.SelectData) -> Updates:
            place = getattr(event, "index", None)  # anyone can call this, with anything
            return self._choose(place if isinstance(place, int) else None)

        def move(step: int, gallery: Any, chosen: Any) -> Updates:
            pictures = uploads.existing_in_gallery(gallery)
            places = range(len(pictures))
            if not isinstance(chosen, int) or chosen not in places or chosen + step not in places:
                return {self.chosen: gr.skip()}
            pictures.insert(chosen + step, pictures.pop(chosen))
            return {
                self.gallery: uploads.as_gallery(pictures),
                self.chosen: chosen + step,
                self.mark: _mark(chosen + step),
            }

        context.listen(self.gallery.select, choose, {}, self.choice)
        self.gallery.select(None, None, self.gallery, js="vidu.unselect", **SHORT)
        gr.on(
            [self.gallery.change, filled_at.change],
            None,
            [self.gallery, self.swaps, self.note],
            self.note,
            js="vidu.takeBackNote",
            trigger_mode="always_last",
            **SHORT,
        )
        # Deleting a picture shifts the others.
        context.listen(self.gallery.delete, self.choose_none, {}, self.choice)
        for button, name, step in ((self.earlier, "earlier", -1), (self.later, "later", 1)):
            context.listen(
                button.click,
                partial(move, step),
                {"gallery": self.gallery, "chosen": self.chosen},
                [self.gallery, self.chosen, self.mark],
                api_name=name,
                **RAW,
            )
