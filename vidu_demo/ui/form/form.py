"""The form: pictures, and a widget for every request parameter, made from `VideoRequest`."""

import time
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, NamedTuple

import gradio as gr

from vidu_demo.api.errors import PictureInvalid, Problem, RequestInvalid
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.variations import MAX_TAKES, Variations
from vidu_demo.jobs.orders import ONE, Order
from vidu_demo.ui import Updates
from vidu_demo.ui.context import RAW, SHORT, Context
from vidu_demo.ui.form import body, brought, examples, filling, recent, uploads, variations
from vidu_demo.ui.form import prompt as prompt_help
from vidu_demo.ui.form.brought import Brought
from vidu_demo.ui.form.filling import By, Filling
from vidu_demo.ui.form.link import Link
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.form.pictures import Pictures, check, read_urls, url_lines
from vidu_demo.ui.form.sheet import Sheet, widget
from vidu_demo.ui.form.tile import any_too_long
from vidu_demo.ui.form.uploads import MAX_PICTURES, TOO_MANY, UploadedFile
from vidu_demo.ui.form.variations import VariationsFold
from vidu_demo.ui.i18n.words import I18N, Say, words_for


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


_HINT = I18N(VideoRequest.describe("prompt")["description"])
_NEXT = I18N("What happens next?")


class FormValues(NamedTuple):
    """The values in the form.

    Attributes:
        files: Uploaded pictures.
        urls: Picture URLs, one per line.
        settings: Every other request parameter.
        variations: What differs between the videos of a click.
        opener: Opens the pictures.
        fault: What is wrong with the pictures, the variations or the JSON, if anything.
        filling: What filled the form last, unless something was bought since.
        link: What the first picture comes from, if from a video.
    """

    files: list[UploadedFile]
    urls: str
    settings: dict[str, Any]
    variations: Variations
    opener: Opener
    fault: RequestInvalid | None = None
    filling: Filling | None = None
    link: Link | None = None

    def order(self) -> Order:
        """Sum up what a click asks for.

        Raises:
            RequestInvalid: Something is missing or out of range, or a picture is too long.
        """
        if self.fault:
            raise self.fault
        if any_too_long(self.opener.frames(self.files)):
            raise RequestInvalid(Problem("images", "Pad or crop the picture."))
        settings, prompts = self.settings, self.variations.prompts
        if prompts:  # the form's own prompt is not used, so it can be empty
            settings = {**settings, "prompt": prompts[0]}
        request = make_request(self.files, self.urls, settings)
        return Order(request, self.variations, **self._linked(request))

    def draft(self) -> Order:
        """Ask for a short, cheap draft of the first video. Raises as above."""
        full = self.order().requests[0]
        return Order(full.draft(), full=full, **self._linked(full))

    def _linked(self, request: VideoRequest) -> dict[str, Any]:
        """Say what a video is made from, unless another picture has taken the place of that."""
        if not self.link or not self.link.holds(request.images):
            return {}
        return {"parent": self.link.parent, "place": self.link.place}

    def unchecked(self) -> VideoRequest:
        """Make a request from an unfinished form, without checks, to read its price."""
        images = [*self.files, *url_lines(self.urls)]
        return VideoRequest.unchecked(**{**self.settings, "images": images})

    def first(self) -> VideoRequest:
        """Make the first request without checks, for its notices."""
        request = self.unchecked()
        try:
            return next(iter(self.variations.unchecked(request)), request)
        except RequestInvalid:
            return request

    def keep(self) -> dict[str, Any]:
        """Sum up the form for the browser to keep across reloads."""
        return {
            "files": [str(file) for file in self.files],
            "urls": self.urls,
            **self.settings,
            "takes": self.variations.plain,
            "link": self.link and self.link.fields,
        }


class Form:
    """The left side of the page."""

    def __init__(self) -> None:
        self.filled_at, self.example = gr.Textbox(visible=False), gr.Textbox(visible=False)
        self.filling, self.link, self.film = (gr.JSON(visible=False) for _ in range(3))
        self.pictures = Pictures()
        self.about_pictures = gr.Markdown(
            visible=False, elem_id="about-pictures", elem_classes="notice"
        )
        self.prompt = widget(
            "prompt",
            lines=3,
            max_lines=12,
            placeholder=I18N(
                "The cat lifts its head and looks at us, whiskers trembling. Slow push-in."
            ),
        )
        self.about_prompt = gr.Markdown(visible=False, elem_classes="notice")
        self.counter = gr.HTML(elem_id="counter", padding=False)
        self.recent = recent.component()
        self.brought = brought.component()
        self.pictures.add_urls()
        with gr.Accordion(I18N("Prompt ideas"), open=False, elem_classes="fold"):
            self.chips = prompt_help.component()
        self.sheet = Sheet()
        self.variations = VariationsFold()
        self.more = self.sheet.more
        self.settings = {"prompt": self.prompt, **self.sheet.settings}
        self.notices = {
            "images": self.about_pictures,
            "prompt": self.about_prompt,
            **self.sheet.notices,
        }

    @property
    def inputs(self) -> dict[str, gr.components.Component]:
        """Every widget, by the name that `read` expects."""
        return {
            "files": self.pictures.files,
            "urls": self.pictures.urls,
            **{field: self.settings[field] for field in VideoRequest.SETTINGS},
            **self.variations.inputs,
            "typed": self.sheet.typed,
            "read": self.sheet.read,
            "filling": self.filling,
            "link": self.link,
        }

    @property
    def changes(self) -> list[Any]:
        """The events that fire when the form changes."""
        widgets = [*self.inputs.values(), self.filled_at]
        widgets.remove(self.sheet.typed)  # once it is read, the form changes
        return [widget.change for widget in widgets]  # type: ignore[attr-defined]

    @staticmethod
    def read(values: Mapping[str, Any], opener: Opener) -> FormValues:
        """Read the widgets' raw values, for listeners with `RAW`.

        A number out of range is kept: Gradio would log a traceback, while the request says in
        words what is wrong. Objects and lists are dropped.
        """
        files: list[UploadedFile] = []
        fault: RequestInvalid | None = None
        if (values["typed"] or "") != (values["read"] or ""):
            fault = RequestInvalid(Problem("json", "Check the JSON."))
        try:
            files = uploads.from_files(values["files"])
        except PictureInvalid as error:
            fault = error
        varied = ONE
        try:
            varied = variations.read(values)
        except RequestInvalid as error:
            fault = fault or error
        settings = {field: _plain(field, values[field]) for field in VideoRequest.SETTINGS}
        urls = values["urls"] if isinstance(values["urls"], str) else ""
        last, link = Filling.read(values["filling"]), Link.read(values.get("link"))
        return FormValues(files, urls, settings, varied, opener, fault, last, link)

    @property
    def filled(self) -> list[gr.blocks.Block]:
        """The outputs that `fill` and `restore` give values for."""
        return [
            *self.inputs.values(),
            self.more,
            self.variations.fold,
            self.sheet.problems,
            self.filled_at,
            self.example,
        ]

    def fill(
        self,
        settings: dict[str, Any],
        files: Iterable[PathLike[str]],
        urls: str = "",
        *,
        before: FormValues,
        link: Link | None = None,
    ) -> Updates:
        """Fill the whole form. Settings that are missing or out of range get their defaults.

        Args:
            settings: The settings.
            files: The pictures.
            urls: Picture URLs, one per line.
            before: The form before, for who wants it back.
            link: What the first picture comes from.
        """
        changed = self._set({**settings, "takes": ONE.plain}, before.keep())
        return {**self._show(files, urls, link), **changed}

    def go_on(
        self,
        settings: dict[str, Any],
        picture: UploadedFile,
        *,
        before: FormValues,
        link: Link | None = None,
    ) -> Updates:
        """Fill the form to continue a video, with as many takes as before.

        Args:
            settings: The video's. Its seed is left out: it belongs to that take. If no settings
                are known, those in the form stay.
            picture: The frame to begin with, which becomes the only picture.
            before: The form before, for who wants it back.
            link: What it continues.
        """
        kept = before.keep()
        takes = before.variations.takes
        filled = self._set({**(settings or kept), "seed": None, "takes": takes}, kept)
        filled[self.prompt]["info"] = _NEXT
        return {**self._show([picture], link=link), **filled}

    def undo(self, now: FormValues) -> Updates:
        """Fill the form as it was before it was filled last."""
        if not now.filling:
            return {self.filling: gr.skip()}
        before = self.recall(now.filling.before, now.opener)
        settings = {**before.settings, "takes": before.variations.plain}
        return {
            **self._show(before.files, before.urls, before.link),
            **self._set(settings, now.keep(), By.UNDO),
        }

    def _show(
        self, files: Iterable[PathLike[str]], urls: str = "", link: Link | None = None
    ) -> Updates:
        return {
            self.link: link and link.fields,
            self.pictures.files: uploads.as_files(files),
            self.pictures.urls: urls,
            self.filled_at: str(time.time()),
            self.example: "",
        }

    def _set(
        self, settings: Mapping[str, Any], before: dict[str, Any], by: str = By.CHOICE
    ) -> Updates:
        known = filling.settings(settings)
        return {
            **{self.settings[field]: known[field] for field in VideoRequest.SETTINGS},
            self.prompt: gr.update(value=known["prompt"], info=_HINT),
            **self.variations.show(Variations.read(known["takes"])),
            self.filling: Filling(before, known, by)._asdict(),
            **self.sheet.discard_edits(),
            **self._unfold(known),
        }

    def _read_body(self, text: Any, typed: Any, now: FormValues, say: Say) -> Updates:
        """Put what is valid of a request body into the form, and say what is not."""
        if not isinstance(typed, str) or not typed:  # the edits were discarded
            return {self.filling: gr.skip()}
        given = body.read(text if isinstance(text, str) else "", now.files)
        updates: Updates = {
            self.settings[field]: value
            for field, value in given.settings.items()
            if value != now.settings[field]
        }
        if given.images is not None:
            files = [now.files[image] for image in given.images if isinstance(image, int)]
            urls = [image for image in given.images if isinstance(image, str)]
            if files != now.files:
                updates[self.pictures.files] = uploads.as_files(files)
            if urls != url_lines(now.urls):
                updates[self.pictures.urls] = "\n".join(urls)
        if updates:
            going_on = now.filling and now.filling.by == By.JSON
            before = now.filling.before if now.filling and going_on else now.keep()
            after = filling.settings(
                {**now.settings, **given.settings, "takes": now.variations.plain}
            )
            updates |= {self.filling: Filling(before, after, By.JSON)._asdict()}
            updates |= self._unfold(after)
        updates[self.filled_at] = str(time.time())
        return {**updates, **self.sheet.judge(given.problems, typed, say)}

    def recall(self, kept: Any, opener: Opener) -> FormValues:
        """Read what `FormValues.keep` gave the browser.

        The browser is not trusted: only files that Gradio itself stored are restored, and only
        settings within their limits.
        """
        kept = kept if isinstance(kept, dict) else {}
        urls, settings = kept.get("urls"), filling.settings(kept)
        return FormValues(
            files=uploads.existing(kept.get("files")),
            urls=urls if isinstance(urls, str) else "",
            variations=Variations.read(settings.pop("takes")),
            settings=settings,
            opener=opener,
            link=Link.read(kept.get("link")),
        )

    def restore(
        self, kept: Any, max_jobs: int | None = None, *, linked: dict[str, Any] | None = None
    ) -> Updates:
        """Fill the form with what the browser kept, within the host's limit of videos at once.

        Defaults are not sent, so that they don't overwrite what is typed while the page loads.
        The seed always is: otherwise Gradio turns an empty number into 0.

        Args:
            kept: What the browser kept.
            max_jobs: The limit.
            linked: What a link asks for instead, if there is one.
        """
        recalled = self.recall(linked or kept, Opener())
        files, urls, settings, varied, *_ = recalled
        changed = {
            field: value
            for field, value in settings.items()
            if field == "seed" or value != VideoRequest.DEFAULTS.get(field)
        }
        updates: Updates = {self.settings[field]: value for field, value in changed.items()}
        updates[self.filled_at] = str(time.time())
        if files:
            updates[self.pictures.files] = uploads.as_files(files)
        if urls:
            updates[self.pictures.urls] = urls
        if recalled.link:
            updates[self.link] = recalled.link.fields
        most = MAX_TAKES if max_jobs is None else min(max_jobs, MAX_TAKES)
        updates |= self.variations.restore(varied, most)
        if linked:
            before = self.recall(kept, Opener()).keep()
            updates[self.filling] = Filling(before, filling.settings(linked))._asdict()
        return updates | self._unfold(settings)

    def _unfold(self, settings: Mapping[str, Any]) -> Updates:
        """Open the folded settings if any is in use: nothing paid for stays hidden."""
        folded = self.sheet.folded
        used = any(settings[field] != VideoRequest.DEFAULTS.get(field) for field in folded)
        return {self.more: gr.Accordion(open=True)} if used else {}

    @property
    def reviewed(self) -> list[gr.blocks.Block]:
        """The outputs that `review` gives values for."""
        return [
            self.counter,
            self.chips,
            self.sheet.body,
            *self.notices.values(),
        ]

    def review(self, filled: FormValues, say: Say) -> Updates:
        """Say next to the widgets what has no effect."""
        first = filled.first()
        told = dict.fromkeys(filled.variations.varied, variations.INSTEAD)
        told |= {notice.field: notice.text for notice in first.notices()}
        return {
            self.counter: prompt_help.counter(first.prompt, say),
            self.chips: prompt_help.render(first.prompt, audio=first.audio, say=say),
            self.sheet.body: body.write(filled.unchecked()),
            **{
                place: gr.Markdown(say(told.get(field, "")), visible=field in told)
                for field, place in self.notices.items()
            },
        }

    def listen(self, context: Context) -> None:
        """Wire the events that stay within the form."""

        def take_up(request: gr.Request, event: gr.EventData, **values: Any) -> Updates:
            opener = context.opener(request)
            paths = getattr(event, "paths", None)
            return self._take_up(paths, values, opener, words_for(request))

        def choose(event: gr.EventData, request: gr.Request, **values: Any) -> Updates:
            opener, say = context.opener(request), words_for(request)
            try:
                taken = brought.chosen(event, opener, say)
            except PictureInvalid as error:
                return self.pictures.tell(say(error.what))
            return self._bring(taken, values, opener) if taken else {self.brought: ""}

        def example(event: gr.EventData, request: gr.Request, **values: Any) -> Updates:
            before = self.read(values, context.opener(request))
            return self._example(event, before, words_for(request))

        def read_body(request: gr.Request, json: Any, **values: Any) -> Updates:
            now = self.read(values, context.opener(request))
            return self._read_body(json, values["typed"], now, words_for(request))

        pictures, prompt = self.pictures, self.prompt
        pictures.listen(context, self.settings["resolution"], self.filled_at)
        taken = context.listen(
            pictures.files.upload,
            take_up,
            self.inputs,
            [pictures.news, self.brought, self.film, *self.filled],
            trigger_mode="multiple",
            **RAW,
        )
        taken.failure(None, js="vidu.tellPictures", **SHORT)
        filled = [pictures.news, self.brought, *self.filled]
        context.listen(self.brought.click, choose, self.inputs, filled, api_name="bring", **RAW)
        context.listen(pictures.files.example, example, self.inputs, self.filled, **RAW)
        context.listen(self.chips.click, prompt_help.press, {"prompt": prompt}, [prompt])
        context.listen(self.recent.click, recent.pick, {}, [prompt])
        context.listen(
            self.sheet.typed.change,
            read_body,
            {"json": self.sheet.json, **self.inputs},
            self.filled,
            trigger_mode="always_last",
            **RAW,
        )
        self.sheet.listen(self.filling, self.filled_at)

    def _take_up(self, paths: Any, values: Mapping[str, Any], opener: Opener, say: Say) -> Updates:
        checked = check(paths, opener, say)
        hint: dict[str, Any] = {"info": _HINT}
        if not values["files"] and examples.is_prompt(values["prompt"]):
            hint["value"] = ""  # it is about a picture that was removed
        filled: Updates = {self.prompt: gr.update(**hint), self.example: ""}
        if checked.film:
            filled[self.film] = {"path": str(checked.film), "at": time.time()}
        if checked.settings:
            filled = self.fill(checked.settings, [], before=self.read(values, opener))
            filled.pop(self.pictures.files)  # they may have changed since
        if checked.brought:
            filled = self._bring(checked.brought, values, opener)
        return {**filled, **self.pictures.tell(checked.said, checked.files, uploaded=True)}

    def _bring(self, taken: Brought, values: Mapping[str, Any], opener: Opener) -> Updates:
        """Fill the form with a take from a zip."""
        before = self.read(values, opener)
        filled = self.fill(taken.settings, taken.pictures, taken.urls, before=before)
        return {**filled, self.brought: taken.offer}

    def _example(self, event: gr.EventData, before: FormValues, say: Say) -> Updates:
        example = examples.find(str(getattr(event, "example", "")))
        if not example:
            return {self.more: gr.skip()}
        settings = {**example.settings, "prompt": say(example.settings["prompt"])}
        filled = self.fill(settings, [example.picture], before=before)
        return {**filled, self.example: example.name}
