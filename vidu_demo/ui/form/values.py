"""The values in the form: read, summed up to an order, kept across reloads and recalled."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vidu_demo.api.errors import PictureInvalid, Problem, RequestInvalid
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.variations import Variations
from vidu_demo.jobs.buying.orders import ONE, Order
from vidu_demo.ui.form import filling, uploads, variations
from vidu_demo.ui.form.filling import Filling
from vidu_demo.ui.form.link import Link
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.form.pictures import read_urls, url_lines
from vidu_demo.ui.form.tile import any_too_long
from vidu_demo.ui.form.uploads import MAX_PICTURES, TOO_MANY, UploadedFile


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

    @classmethod
    def read(cls, values: Mapping[str, Any], opener: Opener) -> "FormValues":
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
        return cls(files, urls, settings, varied, opener, fault, last, link)

    @classmethod
    def recall(cls, kept: Any, opener: Opener) -> "FormValues":
        """Read what `keep` gave the browser.

        The browser is not trusted: only files that Gradio itself stored are restored, and only
        settings within their limits. A prompt that is too long is still there to be shortened.
        """
        kept = kept if isinstance(kept, dict) else {}
        urls, settings = kept.get("urls"), filling.settings(kept, typed=True)
        return cls(
            files=uploads.existing(kept.get("files")),
            urls=urls if isinstance(urls, str) else "",
            variations=Variations.read(settings.pop("takes")),
            settings=settings,
            opener=opener,
            link=Link.read(kept.get("link")),
        )

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
