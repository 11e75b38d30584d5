"""The form: pictures, and a widget for every request parameter, made from `VideoRequest`."""

import time
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

import gradio as gr

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.variations import MAX_TAKES, Variations
from vidu_demo.jobs.buying.orders import ONE
from vidu_demo.ui import Updates
from vidu_demo.ui.context import RAW, SHORT, Context
from vidu_demo.ui.form import body, brought, examples, filling, recent, uploads, variations
from vidu_demo.ui.form import prompt as prompt_help
from vidu_demo.ui.form.brought import Brought
from vidu_demo.ui.form.filling import By, Filling
from vidu_demo.ui.form.link import Link
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.form.pictures import Pictures, check, url_lines
from vidu_demo.ui.form.sheet import Sheet, widget
from vidu_demo.ui.form.uploads import UploadedFile
from vidu_demo.ui.form.values import FormValues
from vidu_demo.ui.form.variations import VariationsFold
from vidu_demo.ui.i18n.words import I18N, Say, words_for

_HINT = I18N(VideoRequest.describe("prompt")["description"])
_NEXT = I18N("What happens next?")


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
        before = FormValues.recall(now.filling.before, now.opener)
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
            **self.review_again(),
            self.example: "",
        }

    def _set(
        self, settings: Mapping[str, Any], before: dict[str, Any], by: str = By.CHOICE
    ) -> Updates:
        known = filling.settings(settings, typed=by == By.UNDO)
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
        updates |= self.review_again()
        return {**updates, **self.sheet.judge(given.problems, typed, say)}

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
        recalled = FormValues.recall(linked or kept, Opener())
        files, urls, settings, varied, *_ = recalled
        changed = {
            field: value
            for field, value in settings.items()
            if field == "seed" or value != VideoRequest.DEFAULTS.get(field)
        }
        updates: Updates = {self.settings[field]: value for field, value in changed.items()}
        updates |= self.review_again()
        if files:
            updates[self.pictures.files] = uploads.as_files(files)
        if urls:
            updates[self.pictures.urls] = urls
        if recalled.link:
            updates[self.link] = recalled.link.fields
        most = MAX_TAKES if max_jobs is None else min(max_jobs, MAX_TAKES)
        updates |= self.variations.restore(varied, most)
        if linked:
            before = FormValues.recall(kept, Opener()).keep()
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

    def review_again(self) -> Updates:
        """Have the form reviewed, for a new offer, although it may not have changed."""
        return {self.filled_at: str(time.time())}

    def review(self, filled: FormValues, say: Say) -> Updates:
        """Say next to the widgets what has no effect."""
        first = filled.first()
        notes = dict.fromkeys(filled.variations.varied, variations.INSTEAD)
        notes |= {notice.field: notice.text for notice in first.notices()}
        return {
            self.counter: prompt_help.counter(first.prompt, say),
            self.chips: prompt_help.render(first.prompt, audio=first.audio, say=say),
            self.sheet.body: body.write(filled.unchecked()),
            **{
                place: gr.update(value=say(notes.get(field, "")), visible=field in notes)
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
            before = FormValues.read(values, context.opener(request))
            return self._example(event, before, words_for(request))

        def read_body(request: gr.Request, json: Any, **values: Any) -> Updates:
            now = FormValues.read(values, context.opener(request))
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
            filled = self.fill(checked.settings, [], before=FormValues.read(values, opener))
            filled.pop(self.pictures.files)  # they may have changed since
        if checked.brought:
            filled = self._bring(checked.brought, values, opener)
        return {**filled, **self.pictures.tell(checked.said, checked.files, uploaded=True)}

    def _bring(self, taken: Brought, values: Mapping[str, Any], opener: Opener) -> Updates:
        """Fill the form with a take from a zip."""
        before = FormValues.read(values, opener)
        filled = self.fill(taken.settings, taken.pictures, taken.urls, before=before)
        return {**filled, self.brought: taken.offer}

    def _example(self, event: gr.EventData, before: FormValues, say: Say) -> Updates:
        example = examples.find(str(getattr(event, "example", "")))
        if not example:
            return {self.more: gr.skip()}
        settings = {**example.settings, "prompt": say(example.settings["prompt"])}
        filled = self.fill(settings, [example.picture], before=before)
        return {**filled, self.example: example.name}
