"""The first frame as sent, the size of the video, and two fixes for pictures that are too long."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import gradio as gr

from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import Text, own
from vidu_demo.media.framing import Frame, TooLong, ratio, video_size
from vidu_demo.ui import templates
from vidu_demo.ui.context import RAW, SHORT, Context
from vidu_demo.ui.form import uploads
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.i18n.words import I18N, Say, words_for


class FirstFrame:
    """The preview, and the two buttons for pictures that are too long."""

    def __init__(self) -> None:
        self.place = gr.HTML(js_on_load=None, elem_id="first-frame", padding=False)
        with gr.Row(visible=False, elem_classes="fits") as self.choice:
            self.pad = gr.Button(I18N("Pad it"), size="sm")
            self.crop = gr.Button(I18N("Crop it"), size="sm")

    def listen(
        self,
        context: Context,
        gallery: gr.Gallery,
        urls: gr.Textbox,
        resolution: gr.components.Component,
        filled_at: gr.Textbox,
    ) -> None:
        """Refresh the preview when the pictures change, and wire the two buttons."""

        def look(request: gr.Request, **values: Any) -> tuple[str, gr.Row]:
            return review(context.opener(request), **values, say=words_for(request))

        inputs = {"gallery": gallery, "urls": urls, "resolution": resolution}
        changes = [widget.change for widget in [*inputs.values(), filled_at]]  # type: ignore[attr-defined]
        context.listen(
            partial(gr.on, changes),
            look,
            inputs,
            [self.place, self.choice],
            trigger_mode="always_last",
            api_name="first_frame",
            **RAW,
        )
        for button, way in ((self.pad, "pad"), (self.crop, "crop")):

            def fitting(
                request: gr.Request, gallery: Any, way: str = way
            ) -> list[tuple[str, None]]:
                return fit(context.opener(request), way, gallery)

            fitted = context.listen(
                button.click, fitting, {"gallery": gallery}, [gallery], api_name=way, **RAW
            )
            fitted.then(None, None, filled_at, js="vidu.now", **SHORT)


def review(
    opener: Opener, *, gallery: Any, urls: Any, resolution: Any, say: Say = str
) -> tuple[str, gr.Row]:
    """Show how the pictures will be sent, and offer to pad or crop any that are too long.

    Args:
        opener: Opens the pictures.
        gallery: The gallery's value, as the browser sends it.
        urls: The picture URLs, which come after the files.
        resolution: The video's resolution.
        say: The visitor's language.
    """
    seen = opener.frames(uploads.existing_in_gallery(gallery))
    by_url = isinstance(urls, str) and bool(urls.strip())
    size = VideoRequest.valid_or_default("resolution", resolution)
    html = render(seen, size, url=by_url, say=say)
    return html, gr.Row(visible=any_too_long(seen))


def any_too_long(seen: Sequence[Frame | TooLong | None]) -> bool:
    """Tell whether any picture must be padded or cropped before sending."""
    return any(isinstance(picture, TooLong) for picture in seen)


def render(
    seen: Sequence[Frame | TooLong | None], resolution: str, *, url: bool, say: Say = str
) -> str:
    """Show the first frame and the video's size, or the pictures to pad or crop, as HTML.

    Args:
        seen: The uploaded pictures.
        resolution: The video's resolution.
        url: True if there are picture URLs.
        say: The visitor's language.
    """
    too_long = [
        (
            Text("Picture {number}: {text}", number=number, text=own(picture.reason))
            if len(seen) > 1
            else picture.reason,
            picture,
        )
        for number, picture in enumerate(seen, start=1)
        if isinstance(picture, TooLong)
    ]
    first = seen[0] if seen and isinstance(seen[0], Frame) else None
    video = video_size(first.size, resolution) if first else (0, 0)
    return templates.render(
        "first_frame.html",
        too_long=too_long,
        first=first,
        ratio=ratio(first.size) if first else "",
        video=video,
        exactly=first and video[0] * first.size[1] == video[1] * first.size[0],
        url=url and not seen,
        say=say,
    )


def fit(opener: Opener, way: str, gallery: Any) -> list[tuple[str, None]]:
    """Pad or crop the pictures that are too long; leave the others alone.

    Args:
        opener: Opens the pictures.
        way: `pad` or `crop`.
        gallery: The gallery's value, as the browser sends it.

    Returns:
        The gallery's new value.
    """
    files = uploads.existing_in_gallery(gallery)
    return uploads.as_gallery(
        opener.fitted(file, way) if isinstance(frame, TooLong) else file
        for file, frame in zip(files, opener.frames(files), strict=True)
    )
