"""The first frame as it is sent, the size of the video, and the ways out of too long a picture."""

import time
from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from vidu_demo.api.request import kept_or_default
from vidu_demo.media.framing import Frame, TooLong, ratio, video_size
from vidu_demo.ui.context import RAW, SHORT, Context
from vidu_demo.ui.form import uploads
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.i18n.words import I18N, Say, words_for

_BLURS = "The picture is small, so the video will look blurred."
FROM_URL = "The video keeps the picture's shape; its size is known when it is made."


class Framing:
    """The parts: what is sent and what comes of it, and two buttons for what is too long."""

    def __init__(self) -> None:
        self.place = gr.HTML(js_on_load=None, elem_id="framing", padding=False)
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
        """Look at the pictures when they change, and wire the two buttons to them."""

        def look(request: gr.Request, **values: Any) -> tuple[str, gr.Row]:
            return review(context.opener(request), **values, say=words_for(request))

        inputs = {"gallery": gallery, "urls": urls, "resolution": resolution}
        gr.on(
            [widget.change for widget in [*inputs.values(), filled_at]],  # type: ignore[attr-defined]
            look,
            inputs_kwargs=inputs,
            outputs=[self.place, self.choice],
            trigger_mode="always_last",
            api_name="framing",
            **RAW,
            **SHORT,
        )
        for button, way in ((self.pad, "pad"), (self.crop, "crop")):

            def fitting(
                request: gr.Request, gallery: Any, way: str = way
            ) -> list[tuple[str, None]]:
                return fit(context.opener(request), way, gallery)

            fitted = button.click(
                fitting,
                inputs_kwargs={"gallery": gallery},
                outputs=[gallery],
                api_name=way,
                **RAW,
                **SHORT,
            )
            # Gradio's gallery does not always tell what was put into it from here.
            fitted.then(lambda: str(time.time()), None, filled_at, **SHORT)


def review(
    opener: Opener, *, gallery: Any, urls: Any, resolution: Any, say: Say = str
) -> tuple[str, gr.Row]:
    """Show how the pictures are sent, and offer to pad or crop what is too long.

    Args:
        opener: Opens the pictures.
        gallery: The gallery's value, as the browser sends it.
        urls: What stands in the box for addresses; its pictures come after the files.
        resolution: The video's.
        say: The visitor's language.
    """
    seen = opener.frames(uploads.still_in_gallery(gallery))
    by_url = isinstance(urls, str) and bool(urls.strip())
    html = render(seen, kept_or_default("resolution", resolution), url=by_url, say=say)
    return html, gr.Row(visible=any_too_long(seen))


def any_too_long(seen: Sequence[Frame | TooLong | None]) -> bool:
    """Tell whether a picture has to be padded or cropped before anything can be sent."""
    return any(isinstance(picture, TooLong) for picture in seen)


def render(
    seen: Sequence[Frame | TooLong | None], resolution: str, *, url: bool, say: Say = str
) -> str:
    """Show the first frame and the video's size, or what is too long and both ways out, as HTML.

    Args:
        seen: The uploaded pictures.
        resolution: The video's.
        url: True if pictures are given by their address.
        say: The visitor's language.
    """
    choices = [
        _choice(picture, f"Picture {number}: " if len(seen) > 1 else "", say)
        for number, picture in enumerate(seen, start=1)
        if isinstance(picture, TooLong)
    ]
    if choices:
        return "".join(choices)
    if not seen:
        return f'<p class="framing">{say(FROM_URL)}</p>' if url else ""
    return _first_frame(seen[0], resolution, say) if isinstance(seen[0], Frame) else ""


def fit(opener: Opener, way: str, gallery: Any) -> list[tuple[str, None]]:
    """Pad or crop the pictures that are too long; the others stay as they are.

    Args:
        opener: Opens the pictures.
        way: `pad` or `crop`.
        gallery: The gallery's value, as the browser sends it.

    Returns:
        The gallery's new value.
    """
    files = uploads.still_in_gallery(gallery)
    return uploads.as_gallery(
        opener.fitted(file, way) if isinstance(frame, TooLong) else file
        for file, frame in zip(files, opener.frames(files), strict=True)
    )


def _first_frame(first: Frame, resolution: str, say: Say) -> str:
    video = video_size(first.size, resolution)
    exactly = video[0] * first.size[1] == video[1] * first.size[0]
    sent = say("First frame, as it is sent: {size} ({ratio}).")
    made = say("The video will be {size}." if exactly else "The video will be about {size}.")
    blurs = f'<br><span class="blurs">{say(_BLURS)}</span>' if first.blurs else ""
    return (
        f'<div class="framing"><img src="{first.preview}" alt="{say("The first frame")}">'
        f"<p>{sent.format(size=_strong(_pixels(first.size)), ratio=ratio(first.size))}<br>"
        f"{made.format(size=_strong(_pixels(video)))}{blurs}</p></div>"
    )


def _choice(picture: TooLong, which: str, say: Say) -> str:
    ways = (
        (say("Padded"), picture.padded, say("{name}, {size}: all of it, with a blurred margin")),
        (say("Cropped"), picture.cropped, say("{name}, {size}: its middle, without the ends")),
    )
    figures = "".join(
        f'<figure><img src="{made.preview}" alt="{name}">'
        f"<figcaption>{caption.format(name=_strong(name), size=_pixels(made.size))}</figcaption>"
        "</figure>"
        for name, made, caption in ways
    )
    reason = f'<p role="status">{escape(say(which + picture.reason))}</p>'
    return f'<div class="framing too-long">{reason}{figures}</div>'


def _strong(text: str) -> str:
    return f"<strong>{text}</strong>"


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
