"""The tile: the first picture as it will be sent, and the others; while it is empty, ways to start.

A picture that is too long is shown padded and cropped, to choose from, instead of the first one:
both would push the prompt out of sight. If there are several, they take turns.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.request import VideoRequest
from vidu_demo.examples import EXAMPLES
from vidu_demo.media.framing import Frame, TooLong, ratio, video_size
from vidu_demo.ui import templates
from vidu_demo.ui.form import uploads
from vidu_demo.ui.form.opening import Opener
from vidu_demo.ui.form.uploads import UploadedFile
from vidu_demo.ui.i18n.words import Say


class Shown(NamedTuple):
    """A picture in the tile.

    Attributes:
        path: Its path, as the browser sends it.
        seen: How it will be sent; None if it can't be used.
    """

    path: str
    seen: Frame | TooLong | None

    @property
    def fits(self) -> bool:
        """True if it can be sent."""
        return isinstance(self.seen, Frame)

    @property
    def too_long(self) -> bool:
        """True if it must be padded or cropped before sending."""
        return isinstance(self.seen, TooLong)


def inspect(opener: Opener, files: Any) -> list[Shown]:
    """Look at the form's pictures, as the browser sends them."""
    return [Shown(path, _look(opener, path)) for path in uploads.paths(files)]


def _look(opener: Opener, path: str) -> Frame | TooLong | None:
    with suppress(PictureInvalid):
        return opener.frame(uploads.check(path))
    return None


def any_too_long(seen: Sequence[Frame | TooLong | None]) -> bool:
    """Tell whether any picture must be padded or cropped before sending."""
    return any(isinstance(picture, TooLong) for picture in seen)


def render(pictures: Sequence[Shown], urls: Any, resolution: Any, say: Say = str) -> str:
    """Show how the pictures will be sent, and the video's size, as HTML.

    Args:
        pictures: The uploaded pictures.
        urls: The picture URLs, which come after them.
        resolution: The video's resolution.
        say: The visitor's language.
    """
    first = pictures[0].seen if pictures and isinstance(pictures[0].seen, Frame) else None
    unfit = next((picture for picture in pictures if not picture.fits), None)
    chosen = VideoRequest.valid_or_default("resolution", resolution)
    video = video_size(first.size, chosen) if first else (0, 0)
    return templates.render(
        "tile.html",
        pictures=pictures,
        first=first,
        unfit=unfit,
        about=pictures.index(unfit) if unfit else 0,
        ratio=ratio(first.size) if first else "",
        video=video,
        exactly=first and video[0] * first.size[1] == video[1] * first.size[0],
        url=isinstance(urls, str) and bool(urls.strip()),
        examples=EXAMPLES,
        gone=uploads.MISSING,
        say=say,
    )


def fit(opener: Opener, way: Any, path: Any) -> list[UploadedFile]:
    """Pad or crop a picture that is too long.

    Args:
        opener: Opens the picture.
        way: `pad` or `crop`.
        path: The picture's path, as the browser sends it.

    Returns:
        The new picture; nothing if there is none to make.
    """
    with suppress(PictureInvalid):  # the form's review reports it
        file = uploads.check(path)
        if isinstance(opener.frame(file), TooLong):
            return [opener.fitted(file, way)]
    return []
