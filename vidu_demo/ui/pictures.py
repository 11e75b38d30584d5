"""The pictures: uploading, checking, ordering and framing them, or giving their addresses."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo import clip
from vidu_demo.errors import PictureInvalid, Problem, RequestInvalid
from vidu_demo.framing import frame
from vidu_demo.images import flatten, is_url
from vidu_demo.request import schema
from vidu_demo.ui import Updates, uploads
from vidu_demo.ui.uploads import UploadedFile
from vidu_demo.ui.words import I18N, Say

VIEWABLE = {".jpg", ".jpeg", ".png", ".webp", ".gif"}
"""Suffixes of pictures that every browser shows."""
CLIPS = {".mp4", ".m4v", ".mov"}
"""Suffixes of videos. One that was made here carries its settings."""


# What is dropped beside the gallery would else leave the page for the file.
CATCH_DROPS = """() => {
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    if (event.defaultPrevented || !event.dataTransfer.files.length) return;
    event.preventDefault();
    const input = document.querySelector('#pictures input[type=file]');
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event('change', {bubbles: true}));
  });
}"""


class Checked(NamedTuple):
    """What is left of an upload.

    Attributes:
        pictures: The pictures that can be used.
        said: What is wrong with the others, or was done with a video.
        settings: The settings that a dropped clip carries, if there was one.
    """

    pictures: list[UploadedFile]
    said: str
    settings: dict[str, Any] | None


def check(files: Sequence[UploadedFile], say: Say = str) -> Checked:
    """Drop what is no usable picture and say why; show as JPEG or PNG what browsers can't show.

    A picture that is only too long stays: it can be padded or cropped. Of a video the first frame
    is taken.

    Args:
        files: What was uploaded, with what was there before.
        say: The visitor's language.
    """
    kept, said, settings = [], [], None
    for file in files:
        name = file.path.name[:60]
        try:
            if file.path.suffix.lower() in CLIPS:
                kept.append(_first_frame(file))
                carried = (clip.read_settings(file.path) or {}).get("request")
                settings = carried if isinstance(carried, dict) else None
                said.append(say(_CLIP_READ if settings else _CLIP_WITHOUT))
                continue
            frame(file)
        except PictureInvalid as error:
            said.append(say("“{name}”: {text}").format(name=name, text=say(error.what)))
        except clip.ClipFailed:
            said.append(say("“{name}” can't be opened as a video.").format(name=name))
        else:
            kept.append(_viewable(file))
    return Checked(kept, "  \n".join(said), settings)


_CLIP_READ = "The clip's settings are in the form; its first frame is the picture."
_CLIP_WITHOUT = "This video carries no settings of this page; its first frame is the picture."


def _first_frame(file: UploadedFile) -> UploadedFile:
    picture = uploads.new_file(f"{file.path.stem}.png")
    clip.first_frame(file.path).save(picture)
    return picture


def _viewable(file: UploadedFile) -> UploadedFile:
    if file.path.suffix.lower() in VIEWABLE:
        return file
    pixels = flatten(file)
    lossy = pixels.format in ("HEIF", "AVIF")
    picture = uploads.new_file(file.path.stem + (".jpg" if lossy else ".png"))
    pixels.save(picture, quality=95)
    return picture


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
                Problem("images", f"“{line[:60]}” is not a web address of a picture.")
            )
    return lines


class Pictures:
    """The upper part of the form."""

    def __init__(self) -> None:
        self.gallery = gr.Gallery(
            label=I18N(schema("images")["title"]),
            show_label=True,
            interactive=True,
            type="filepath",
            file_types=["image", *sorted(CLIPS)],
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

    def add_urls(self) -> None:
        """Add the place for addresses, which stands further down."""
        with gr.Accordion(I18N("Or give picture addresses"), open=False, elem_classes="fold"):
            self.urls = gr.Textbox(
                label=I18N("Picture URLs"),
                info=I18N("One a line. They come after the uploaded pictures."),
                lines=2,
                placeholder="https://…",
            )

    def review(self, sketch_images: Sequence[Any]) -> Updates:
        """Offer to change the order where there is one."""
        return {self.order: gr.Row(visible=len(sketch_images) > 1)}

    @property
    def choice(self) -> list[gr.blocks.Block]:
        """The outputs that `choose_none` gives values for."""
        return [self.chosen, self.earlier, self.later]

    def choose_none(self) -> Updates:
        """Take back which picture is to be moved."""
        return self._choose(None)

    def _choose(self, place: int | None) -> Updates:
        can_move = gr.Button(interactive=place is not None)
        return {self.chosen: place, self.earlier: can_move, self.later: can_move}

    def listen(self, options: dict[str, Any]) -> None:
        """Wire what the pictures do among themselves: changing their order."""

        def choose(event: gr.SelectData) -> Updates:
            return self._choose(event.index)

        def move(step: int, gallery: Any, chosen: Any) -> Updates:
            pictures = uploads.still_in_gallery(gallery)
            places = range(len(pictures))
            if not isinstance(chosen, int) or chosen not in places or chosen + step not in places:
                return {self.chosen: gr.skip()}
            pictures.insert(chosen + step, pictures.pop(chosen))
            return {self.gallery: uploads.as_gallery(pictures), self.chosen: chosen + step}

        self.gallery.select(choose, None, self.choice, **options)
        # What stands at a place is another picture once one is deleted.
        self.gallery.delete(self.choose_none, None, self.choice, **options)
        for button, name, step in ((self.earlier, "earlier", -1), (self.later, "later", 1)):
            button.click(
                partial(move, step),
                [self.gallery, self.chosen],
                [self.gallery, self.chosen],
                api_name=name,
                preprocess=False,
                **options,
            )
