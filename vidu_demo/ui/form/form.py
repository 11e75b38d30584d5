"""The form: pictures, and a widget for every request parameter, made from `VideoRequest`."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo.api.errors import PictureInvalid, Problem, RequestInvalid
from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs import takes
from vidu_demo.jobs.takes import Order
from vidu_demo.ui import Updates
from vidu_demo.ui.context import RAW, Context
from vidu_demo.ui.form import examples, recent, uploads
from vidu_demo.ui.form import prompt as prompt_help
from vidu_demo.ui.form.first_frame import FirstFrame, any_too_long
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.form.pictures import Pictures, check, read_urls, url_lines
from vidu_demo.ui.form.uploads import MAX_PICTURES, TOO_MANY, UploadedFile
from vidu_demo.ui.i18n.words import I18N, Say, named, words_for


def widget(field: str, **options: Any) -> gr.components.Component:
    """Make the widget for a field; label, limits and default come from `VideoRequest`."""
    about = VideoRequest.describe(field)
    common = {
        "label": I18N(about["title"]),
        "info": I18N(about["description"]),
        "value": about.get("default"),
        **options,
    }
    match about:
        case {"enum": choices}:
            return gr.Radio([(I18N(named(choice)), choice) for choice in choices], **common)
        case {"type": "boolean"}:
            return gr.Checkbox(**common)
        case {"type": "integer", "default": int()}:
            return gr.Slider(about["minimum"], about["maximum"], step=1, **common)
        case {"type": "integer"}:
            # Without limits: with a minimum, Gradio turns an empty number into 0.
            return gr.Number(**common)
        case {"examples": suggestions}:
            return gr.Dropdown(suggestions, allow_custom_value=True, **common)
        case _:
            return gr.Textbox(**common)


def make_request(
    files: Sequence[UploadedFile], urls: Any, settings: dict[str, Any]
) -> VideoRequest:
    """Make a request from the widgets' values.

    Raises:
        RequestInvalid: Something is missing or out of range.
    """
    # Optional fields that are empty are left out. A required number that was deleted is not: it
    # must not become the default again.
    filled = {
        name: value
        for name, value in settings.items()
        if value is not None or VideoRequest.DEFAULTS.get(name)
    }
    images = [*(file.path for file in files), *read_urls(urls)]
    if len(images) > MAX_PICTURES:
        raise PictureInvalid(TOO_MANY)
    return VideoRequest(images=images, **filled)


def _plain(field: str, value: Any) -> Any:
    """Drop a field's value if it is an object or a list, or not a string where one is needed."""
    kinds = str if VideoRequest.describe(field).get("type") == "string" else str | int | float
    return value if isinstance(value, kinds) else None


def _takes(most: int) -> list[Any]:
    """List the choices for the number of takes."""
    return [*range(1, most + 1), (I18N("one per picture"), takes.EACH_PICTURE)]


_HINT = I18N(VideoRequest.describe("prompt")["description"])
_NEXT = I18N("What happens next?")
_OPTIONS: dict[str, dict[str, Any]] = {"seed": {"placeholder": I18N("Picked for you")}}


class FormValues(NamedTuple):
    """The values in the form.

    Attributes:
        files: Uploaded pictures.
        urls: Picture URLs, one per line.
        settings: Every other request parameter.
        takes: How many videos, as `takes.plan` expects it.
        opener: Opens the pictures.
        fault: What is wrong with the uploaded pictures, if anything.
    """

    files: list[UploadedFile]
    urls: str
    settings: dict[str, Any]
    takes: Any
    opener: Opener
    fault: PictureInvalid | None = None

    def order(self) -> Order:
        """Sum up what a click asks for.

        Raises:
            RequestInvalid: Something is missing or out of range, or a picture is too long.
        """
        if self.fault:
            raise self.fault
        if any_too_long(self.opener.frames(self.files)):
            raise RequestInvalid(Problem("images", "Pad or crop the picture."))
        return Order(make_request(self.files, self.urls, self.settings), self.takes)

    def draft(self) -> Order:
        """Ask for a short, cheap draft of the first video. Raises as above."""
        full = self.order().requests[0]
        return Order(full.draft(), full=full)

    def unchecked(self) -> VideoRequest:
        """Make a request from an unfinished form, without checks, to read its price."""
        images = [*self.files, *url_lines(self.urls)]
        return VideoRequest.unchecked(**{**self.settings, "images": images})

    def first(self) -> VideoRequest:
        """Make the first request without checks, for its notices and for the code."""
        request = self.unchecked()
        each = self.takes == takes.EACH_PICTURE
        return request.model_copy(update={"images": request.images[:1]}) if each else request


class Form:
    """The left side of the page."""

    def __init__(self) -> None:
        self.settings: dict[str, gr.components.Component] = {}
        self.notices: dict[str, gr.Markdown] = {}
        self.folded: list[str] = []
        # Gradio's gallery does not fire a change when it is emptied from here, so this one does.
        self.filled_at = gr.Textbox(visible=False)
        with gr.Column(elem_id="pictures-place"):  # keeps room for the gallery, which loads late
            self.pictures = Pictures()
        self._add("images", None)
        self.first_frame = FirstFrame()
        self.examples = examples.component()
        self.pictures.add_urls()
        self._add(
            "prompt",
            widget(
                "prompt",
                lines=3,
                max_lines=12,
                placeholder=I18N(
                    "The cat lifts its head and looks at us, whiskers trembling. Slow push-in."
                ),
                elem_id="prompt",
            ),
        )
        self.counter = gr.HTML(elem_id="counter", padding=False)
        self.recent = recent.component()
        with gr.Accordion(I18N("Prompt ideas"), open=False, elem_classes="fold"):
            self.chips = prompt_help.component()
        with gr.Row(equal_height=True):
            self._add("duration", widget("duration", min_width=200))
            self._add("resolution", widget("resolution", min_width=250, elem_id="resolution"))
        with gr.Row(equal_height=True):
            self.takes = gr.Radio(
                _takes(takes.MAX_TAKES),
                value=1,
                label=I18N("Takes"),
                info=I18N("How many videos one click makes. Each take has a different seed."),
                min_width=300,
                scale=3,
                elem_id="takes",
            )
            with gr.Column(min_width=170, scale=2):
                self._add("audio", widget("audio", elem_id="audio"))
        with (
            gr.Accordion(I18N("More settings"), open=False, elem_classes="fold") as self.more,
            gr.Row(elem_id="more"),
        ):
            for field in VideoRequest.SETTINGS:
                if field not in self.settings:
                    with gr.Column(min_width=220):
                        self._add(field, widget(field, **_OPTIONS.get(field, {})))
                    self.folded.append(field)

    @property
    def inputs(self) -> dict[str, gr.components.Component]:
        """Every widget, by the name that `read` expects."""
        return {
            "gallery": self.pictures.gallery,
            "urls": self.pictures.urls,
            **{field: self.settings[field] for field in VideoRequest.SETTINGS},
            "takes": self.takes,
        }

    @property
    def changes(self) -> list[Any]:
        """The events that fire when the form changes."""
        widgets = [*self.inputs.values(), self.filled_at]
        return [widget.change for widget in widgets]  # type: ignore[attr-defined]

    @staticmethod
    def read(values: Mapping[str, Any], opener: Opener) -> FormValues:
        """Read the widgets' raw values, for listeners with `RAW`.

        A number out of range is kept: Gradio would log a traceback, while the request says in
        words what is wrong. Objects and lists are dropped.
        """
        files: list[UploadedFile] = []
        fault = None
        try:
            files = uploads.from_gallery(values["gallery"])
        except PictureInvalid as error:
            fault = error
        settings = {field: _plain(field, values[field]) for field in VideoRequest.SETTINGS}
        urls = values["urls"] if isinstance(values["urls"], str) else ""
        return FormValues(files, urls, settings, values["takes"], opener, fault)

    @property
    def filled(self) -> list[gr.blocks.Block]:
        """The outputs that `fill` and `restore` give values for."""
        return [*self.inputs.values(), *self.pictures.choice, self.more, self.filled_at]

    def fill(
        self, settings: dict[str, Any], gallery: Sequence[tuple[str, None]], urls: str = ""
    ) -> Updates:
        """Fill the whole form. Settings that are missing or out of range get their defaults."""
        return {**self._show(gallery, urls), **self._set(settings), self.takes: 1}

    def go_on(self, settings: dict[str, Any], picture: UploadedFile) -> Updates:
        """Fill the form to continue a video, with as many takes as before.

        Args:
            settings: The video's. Its seed is left out: it belongs to that take. If no settings
                are known, those in the form stay.
            picture: Its last frame, which becomes the only picture.
        """
        filled = self._set({**settings, "seed": None}) if settings else {}
        prompt = self.settings["prompt"]
        filled[prompt] = {**filled.get(prompt, gr.update()), "info": _NEXT}
        return {**self._show(uploads.as_gallery([picture])), **filled}

    def _show(self, gallery: Sequence[tuple[str, None]], urls: str = "") -> Updates:
        return {
            self.pictures.gallery: list(gallery) or None,
            **self.pictures.choose_none(),
            self.pictures.urls: urls,
            self.filled_at: str(time.time()),
        }

    def _set(self, settings: dict[str, Any]) -> Updates:
        known = {
            field: VideoRequest.valid_or_default(field, settings.get(field))
            for field in VideoRequest.SETTINGS
        }
        return {
            **{self.settings[field]: value for field, value in known.items()},
            self.settings["prompt"]: gr.update(value=known["prompt"], info=_HINT),
            **self._unfold(known),
        }

    def keep(self, filled: FormValues) -> dict[str, Any]:
        """Sum up the form for the browser to keep across reloads."""
        return {
            "files": [str(file) for file in filled.files],
            "urls": filled.urls,
            "takes": filled.takes if takes.is_count(filled.takes) else 1,
            **filled.settings,
        }

    def recall(self, kept: Any, opener: Opener) -> FormValues:
        """Read what `keep` gave the browser.

        The browser is not trusted: only files that Gradio itself stored are restored, and only
        settings within their limits.
        """
        kept = kept if isinstance(kept, dict) else {}
        urls, count = kept.get("urls"), kept.get("takes")
        return FormValues(
            uploads.existing(kept.get("files")),
            urls if isinstance(urls, str) else "",
            {
                field: VideoRequest.valid_or_default(field, kept.get(field))
                for field in VideoRequest.SETTINGS
            },
            count if takes.is_count(count) else 1,
            opener,
        )

    def restore(self, kept: Any, max_jobs: int | None = None) -> Updates:
        """Fill the form with what the browser kept, within the host's limit of videos at once.

        Defaults are not sent, so that they don't overwrite what is typed while the page loads.
        The seed always is: otherwise Gradio turns an empty number into 0.
        """
        files, urls, settings, count, *_ = self.recall(kept, Opener())
        changed = {
            field: value
            for field, value in settings.items()
            if field == "seed" or value != VideoRequest.DEFAULTS.get(field)
        }
        updates: Updates = {self.settings[field]: value for field, value in changed.items()}
        updates[self.filled_at] = str(time.time())
        if files:
            updates[self.pictures.gallery] = uploads.as_gallery(files)
        if urls:
            updates[self.pictures.urls] = urls
        most = takes.MAX_TAKES if max_jobs is None else min(max_jobs, takes.MAX_TAKES)
        choices = _takes(most)
        value = {"value": count} if count in (takes.EACH_PICTURE, *range(2, most + 1)) else {}
        updates[self.takes] = gr.update(choices=choices, **value)
        return updates | self._unfold(settings)

    def _unfold(self, settings: dict[str, Any]) -> Updates:
        """Open the folded settings if any is in use: nothing paid for stays hidden."""
        used = any(settings[field] != VideoRequest.DEFAULTS.get(field) for field in self.folded)
        return {self.more: gr.Accordion(open=True)} if used else {}

    @property
    def reviewed(self) -> list[gr.blocks.Block]:
        """The outputs that `review` gives values for."""
        return [
            self.pictures.order,
            self.counter,
            self.chips,
            *self.notices.values(),
        ]

    def review(self, filled: FormValues, say: Say) -> Updates:
        """Say next to the widgets what has no effect."""
        first = filled.first()
        told = {notice.field: notice.text for notice in first.notices()}
        return {
            **self.pictures.review(filled.unchecked().images),
            self.counter: prompt_help.counter(first.prompt, say),
            self.chips: prompt_help.render(first.prompt, audio=first.audio, say=say),
            **{
                place: gr.Markdown(say(told.get(field, "")), visible=field in told)
                for field, place in self.notices.items()
            },
        }

    def listen(self, context: Context) -> None:
        """Wire the events that stay within the form."""

        def take_up(request: gr.Request, gallery: Any) -> Updates:
            return self._take_up(gallery, context.opener(request), words_for(request))

        gallery, urls = self.pictures.gallery, self.pictures.urls
        self.pictures.listen(context, self.filled_at)
        told = context.listen(
            gallery.upload,
            take_up,
            {"gallery": gallery},
            [self.pictures.note, self.pictures.swaps, *self.filled],
            trigger_mode="always_last",
            **RAW,
        )
        self.pictures.swap(told, self.filled_at)
        self.first_frame.listen(context, gallery, urls, self.settings["resolution"], self.filled_at)
        prompt = self.settings["prompt"]
        context.listen(self.chips.click, prompt_help.press, {"prompt": prompt}, [prompt])
        context.listen(self.recent.click, recent.pick, {}, [prompt])
        context.listen(self.examples.click, self._example, {}, self.filled)

    def _take_up(self, gallery: Any, opener: Opener, say: Say) -> Updates:
        checked = check(uploads.existing_in_gallery(gallery), opener, say)
        hint: Updates = {self.settings["prompt"]: gr.update(info=_HINT)}
        filled = self.fill(checked.settings, []) if checked.settings else hint
        for later in (self.pictures.gallery, self.filled_at):  # the gallery may have changed since
            filled.pop(later, None)
        return {**filled, **self.pictures.tell(checked)}

    def _example(self, request: gr.Request, event: gr.EventData) -> Updates:
        try:
            example = examples.find(str(getattr(event, "example", "")))
        except KeyError:
            return {self.more: gr.skip()}
        prompt = words_for(request)(example.settings["prompt"])
        return self.fill({**example.settings, "prompt": prompt}, [(str(example.picture), None)])

    def _add(self, field: str, made: gr.components.Component | None) -> None:
        if made:
            self.settings[field] = made
        self.notices[field] = gr.Markdown(visible=False, elem_classes="notice")
