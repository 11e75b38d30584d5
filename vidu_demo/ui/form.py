"""The form: pictures, and a widget for every request parameter, made from `VideoRequest`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from vidu_demo.errors import PictureInvalid, Problem, RequestInvalid
from vidu_demo.images import is_url, prepare
from vidu_demo.request import FIELDS, VideoRequest, schema

SETTINGS = tuple(field for field in FIELDS if field != "images")
"""Every request parameter but the pictures, which are two widgets: files and URLs."""

VIEWABLE = {".jpg", ".jpeg", ".png", ".webp", ".gif"}
"""Suffixes of pictures that every browser shows."""

Gallery = list[tuple[str, str | None]] | None
"""What Gradio's gallery gives: paths with captions; None when it is empty."""


def widget(field: str, **options: Any) -> gr.components.Component:
    """Make the widget of a field: label, limits, default and truth come from the request."""
    about = schema(field)
    common = {
        "label": about["title"],
        "info": about["description"],
        "value": about.get("default"),
        **options,
    }
    match about:
        case {"enum": choices}:
            return gr.Radio(choices, **common)
        case {"type": "boolean"}:
            return gr.Checkbox(**common)
        case {"type": "integer", "default": int()}:
            slider = gr.Slider(about["minimum"], about["maximum"], step=1, **common)
            # Gradio fails with a traceback on a number outside; the request says it in words.
            slider.preprocess = lambda payload: payload  # type: ignore[method-assign]
            return slider
        case {"type": "integer"}:
            # Without its limits: with a minimum, Gradio's page turns an empty number into 0.
            return gr.Number(**common)
        case {"examples": examples}:
            return gr.Dropdown(examples, allow_custom_value=True, **common)
        case _:
            return gr.Textbox(**common)


def read_urls(text: str | None) -> list[str]:
    """Read picture URLs, one a line.

    Raises:
        RequestInvalid: A line is no http(s) URL. Anything else would be opened as a local file.
    """
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    for line in lines:
        if not is_url(line):
            raise RequestInvalid(
                Problem("images", f"“{line[:60]}” is not a web address of a picture.")
            )
    return lines


def make_request(
    files: Sequence[str | Path], urls: str | None, settings: dict[str, Any]
) -> VideoRequest:
    """Make a request of what the widgets hold.

    Raises:
        RequestInvalid: Something is missing or out of its limits.
    """
    filled = {name: value for name, value in settings.items() if value is not None}
    return VideoRequest(images=[*files, *read_urls(urls)], **filled)


def draft(files: Sequence[str | Path], settings: dict[str, Any]) -> VideoRequest:
    """Make a request of an unfinished form, unchecked, to ask it for notices and a price."""
    return VideoRequest.model_construct(images=list(files), **settings)


def kept_or_default(field: str, value: Any) -> Any:
    """Give a kept setting back if it is still within its limits, else the default."""
    try:
        request = VideoRequest(**{"images": ["kept"], "prompt": "kept", field: value})
    except RequestInvalid:
        return schema(field).get("default")
    return getattr(request, field)


def check(gallery: Gallery) -> tuple[Gallery, gr.Markdown]:
    """Drop what is no usable picture and say why; show as JPEG or PNG what browsers can't show."""
    kept, problems = [], []
    for path, caption in gallery or []:
        try:
            picture = prepare(path)
        except PictureInvalid as error:
            problems.append(error.what)
            continue
        shown = Path(path)
        if shown.suffix.lower() not in VIEWABLE:
            # Beside the upload, under Gradio's own folder, so that the page may show it.
            shown = shown.with_suffix(picture.suffix)
            shown.write_bytes(picture.data)
        kept.append((str(shown), caption))
    return kept, gr.Markdown("  \n".join(problems), visible=bool(problems))


class Form:
    """The left side of the page."""

    def __init__(self) -> None:
        self.pictures = gr.Gallery(
            label=schema("images")["title"],
            show_label=True,
            interactive=True,
            type="filepath",
            file_types=["image"],
            sources=["upload", "webcam", "clipboard"],
            columns=4,
            fit_columns=False,
            height=200,
            object_fit="contain",
            allow_preview=False,
            buttons=[],
            elem_id="pictures",
        )
        self.chosen = gr.Number(visible=False, value=None, precision=0)
        with gr.Row(visible=False, elem_classes="order") as self.order:
            self.earlier = gr.Button("← Earlier", size="sm", interactive=False)
            self.later = gr.Button("Later →", size="sm", interactive=False)
        self.picture_note = gr.Markdown(visible=False, elem_classes="notice")
        self.settings: dict[str, gr.components.Component] = {}
        self.notices: dict[str, gr.Markdown] = {}
        with gr.Accordion("Or give picture addresses", open=False, elem_classes="fold"):
            self.urls = gr.Textbox(
                label="Picture URLs",
                info="One a line. They come after the uploaded pictures.",
                lines=2,
                placeholder="https://…",
            )
        self._add("images", None)
        self._add(
            "prompt",
            widget(
                "prompt",
                lines=3,
                max_lines=12,
                placeholder="The cat lifts its head and looks at us, whiskers trembling. "
                "Slow push-in.",
                elem_id="prompt",
            ),
        )
        with gr.Row(equal_height=True):
            self._add("duration", widget("duration", min_width=200))
            self._add("resolution", widget("resolution", min_width=250, elem_id="resolution"))
        self._add("seed", widget("seed", placeholder="Picked for you"))
        with gr.Accordion("More settings", open=False, elem_classes="fold"):
            for field in SETTINGS:
                if field not in self.settings:
                    self._add(field, widget(field))

    @property
    def inputs(self) -> list[gr.components.Component]:
        """Every widget, in the order that `read` takes their values in."""
        return [self.pictures, self.urls, *(self.settings[field] for field in SETTINGS)]

    @property
    def changes(self) -> list[Any]:
        """The events that say that the form has changed."""
        return [widget.change for widget in self.inputs]  # type: ignore[attr-defined]

    @property
    def reviewed(self) -> list[gr.blocks.Block]:
        """The outputs that `review` gives values for."""
        return [self.order, *self.notices.values()]

    def review(self, sketch: VideoRequest) -> list[Any]:
        """Say what has no effect, beside its widget."""
        told = {notice.field: notice.text for notice in sketch.notices()}
        return [
            gr.Row(visible=len(sketch.images) > 1),
            *(gr.Markdown(told.get(field, ""), visible=field in told) for field in self.notices),
        ]

    def keep(self, values: Sequence[Any]) -> dict[str, Any]:
        """Sum up the widgets' values for the browser to keep over a reload."""
        files, urls, settings = self.read(values)
        return {"files": files, "urls": urls, **settings}

    def restore(self, kept: Any) -> list[Any]:
        """Give the widgets' values back from what the browser has kept; defaults for the rest.

        The browser's word is not trusted: only files that Gradio itself has stored come back,
        and only settings within their limits.
        """
        kept = kept if isinstance(kept, dict) else {}
        store = Path(self.pictures.GRADIO_CACHE).resolve()
        files = [
            (path, None)
            for path in kept.get("files") or []
            if isinstance(path, str)
            and Path(path).resolve().is_relative_to(store)
            and Path(path).is_file()
        ]
        urls = kept.get("urls")
        settings = {field: kept_or_default(field, kept.get(field)) for field in SETTINGS}
        return [
            files or gr.skip(),
            urls if urls and isinstance(urls, str) else gr.skip(),
            # A default is not sent, so that what is typed while the page still loads stays. But
            # the seed is: without a value from here, Gradio's page takes an empty number for 0.
            *(
                value if field == "seed" or value != schema(field).get("default") else gr.skip()
                for field, value in settings.items()
            ),
        ]

    @staticmethod
    def read(values: Sequence[Any]) -> tuple[list[str], str | None, dict[str, Any]]:
        """Sort the widgets' values into picture files, picture URLs and settings."""
        gallery, urls, *settings = values
        files = [path for path, _caption in gallery or []]
        return files, urls, dict(zip(SETTINGS, settings, strict=True))

    def listen(self, options: dict[str, Any]) -> None:
        """Wire what the pictures do among themselves: checking and changing their order."""

        def choose(event: gr.SelectData) -> tuple[int, gr.Button, gr.Button]:
            return int(event.index), gr.Button(interactive=True), gr.Button(interactive=True)

        def move(step: int, gallery: Gallery, chosen: int | None) -> tuple[Gallery, int | None]:
            last = len(gallery or []) - 1
            if not gallery or chosen is None or not 0 <= chosen + step <= last:
                return gallery, chosen
            gallery.insert(chosen + step, gallery.pop(chosen))
            return gallery, chosen + step

        self.pictures.upload(check, [self.pictures], [self.pictures, self.picture_note], **options)
        self.pictures.select(choose, None, [self.chosen, self.earlier, self.later], **options)
        for button, name, step in ((self.earlier, "earlier", -1), (self.later, "later", 1)):
            button.click(
                partial(move, step),
                [self.pictures, self.chosen],
                [self.pictures, self.chosen],
                api_name=name,
                **options,
            )

    def _add(self, field: str, made: gr.components.Component | None) -> None:
        if made:
            self.settings[field] = made
        self.notices[field] = gr.Markdown(visible=False, elem_classes="notice")
