"""The pictures: uploading, checking, ordering and framing them, or giving their addresses."""

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
from vidu_demo.ui.context import RAW, SHORT
from vidu_demo.ui.form import uploads
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.form.uploads import UploadedFile
from vidu_demo.ui.i18n.words import I18N, Say


class Checked(NamedTuple):
    """What is left of an upload.

    Attributes:
        swaps: By the path of each upload the picture that stands for it, or None if there is none.
        said: What is wrong with the others, or was done with a video.
        settings: The settings that a dropped clip carries, if there was one.
    """

    swaps: dict[str, UploadedFile | None]
    said: str
    settings: dict[str, Any] | None


def check(files: Sequence[UploadedFile], opener: Opener, say: Say = str) -> Checked:
    """Drop what is no usable picture and say why; show as JPEG or PNG what browsers can't show.

    A picture that is only too long stays: it can be padded or cropped. Of a video the first frame
    is taken.

    Args:
        files: What was uploaded, with what was there before.
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


_CLIP_READ = "The clip's settings are in the form; its first frame is the picture."
_CLIP_WITHOUT = "This video carries no settings of this page; its first frame is the picture."


def url_lines(text: Any) -> list[str]:
    """Split what stands in the box for addresses, finished or not."""
    lines = text.splitlines() if isinstance(text, str) else ()
    return [line.strip() for line in lines if line.strip()]


def read_urls(text: Any) -> list[str]:
    """Read picture URLs, one a line.

    Raises:
        RequestInvalid: A line is no http(s) URL. Anything else would be opened as a local file.
    """
    lines = url_lines(text)
    for line in lines:
        if not is_url(line):
            raise RequestInvalid(
                Problem(
                    "images", Text("“{line}” is not a web address of a picture.", line=line[:60])
                )
            )
    return lines


def _mark(place: int | None) -> str:
    """Show which picture is to be moved: the gallery itself must not take it for selected."""
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
        """Add the place for addresses, which stands further down."""
        with gr.Accordion(I18N("Or give picture addresses"), open=False, elem_classes="fold"):
            self.urls = gr.Textbox(
                label=I18N("Picture URLs"),
                info=I18N("One per line. They come after the uploaded pictures."),
                lines=2,
                placeholder="https://…",
            )

    def review(self, sketch_images: Sequence[Any]) -> Updates:
        """Offer to change the order where there is one."""
        return {self.order: gr.Row(visible=len(sketch_images) > 1)}

    @property
    def choice(self) -> list[gr.blocks.Block]:
        """The outputs that `choose_none` gives values for."""
        return [self.chosen, self.earlier, self.later, self.mark]

    def choose_none(self) -> Updates:
        """Take back which picture is to be moved."""
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
        """Say what was wrong with an upload, and what stands for each of its pictures."""
        return {
            self.note: gr.Markdown(checked.said, visible=bool(checked.said)),
            self.swaps: {
                path: new and {"path": str(new), "url": file_url(new.path)}
                for path, new in checked.swaps.items()
            },
        }

    def swap(self, told: gr.events.Dependency, filled_at: gr.Textbox) -> None:
        """Change in the gallery, as it is by then, what `tell` has found."""
        inputs, outputs = [self.swaps, self.gallery], [self.gallery, filled_at]
        told.then(None, inputs, outputs, js="vidu.swap", **SHORT)

    def listen(self, filled_at: gr.Textbox) -> None:
        """Wire what the pictures do among themselves: changing their order."""

        def choose(event: gr.SelectData) -> Updates:
            place = getattr(event, "index", None)  # anybody can call this, with anything
            return self._choose(place if isinstance(place, int) else None)

        def move(step: int, gallery: Any, chosen: Any) -> Updates:
            pictures = uploads.still_in_gallery(gallery)
            places = range(len(pictures))
            if not isinstance(chosen, int) or chosen not in places or chosen + step not in places:
                return {self.chosen: gr.skip()}
            pictures.insert(chosen + step, pictures.pop(chosen))
            return {
                self.gallery: uploads.as_gallery(pictures),
                self.chosen: chosen + step,
                self.mark: _mark(chosen + step),
            }

        self.gallery.select(choose, None, self.choice, **SHORT)
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
        # What stands at a place is another picture once one is deleted.
        self.gallery.delete(self.choose_none, None, self.choice, **SHORT)
        for button, name, step in ((self.earlier, "earlier", -1), (self.later, "later", 1)):
            button.click(
                partial(move, step),
                inputs_kwargs={"gallery": self.gallery, "chosen": self.chosen},
                outputs=[self.gallery, self.chosen, self.mark],
                api_name=name,
                **RAW,
                **SHORT,
            )
