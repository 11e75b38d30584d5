"""Reads a video's tracks, packets and frames, within limits."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vidu_demo.api.limits import MAX_VIDEO_BYTES
from vidu_demo.api.mp4.container import CONTAINERS, is_bounded, is_matroska
from vidu_demo.api.text import Text

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

T = TypeVar("T")

MAX_TRACKS = 16
"""A phone's video has about eight, most of them neither video nor audio."""
MAX_TRACKS_OF_WEBM = 4
MAX_FRAME_PIXELS = 13_000_000
"""A 4K frame has 8.8 million, the largest of this model 4.7 million."""
MAX_PACKETS = 100_000
"""Ten seconds with sound have about a thousand."""
MAX_DECODED_PIXELS = 6_000_000_000
"""All frames together: about 1,200 of the largest that this model makes."""


class ClipFailed(ValueError):
    """A file can't be read as a video, or can't store settings. It is unchanged."""


@contextmanager
def open_video(path: Path) -> Iterator["InputContainer"]:
    """Open a video for reading.

    Raises:
        ClipFailed: It is not a video, exceeds the limits, or becomes unreadable while it is open.
    """
    import av  # noqa: PLC0415 - it loads slowly

    try:
        if path.stat().st_size > MAX_VIDEO_BYTES:
            most = MAX_VIDEO_BYTES // 10**6
            raise ClipFailed(Text("This video's file is larger than {most} MB.", most=most))
        with path.open("rb") as file:
            webm = is_matroska(file)
            if not webm and not is_bounded(file):
                raise ClipFailed("This video has too many parts to read.")
            file.seek(0)
            tracks = MAX_TRACKS_OF_WEBM if webm else MAX_TRACKS
            options = {**CONTAINERS, "max_streams": str(tracks)}
            with av.open(file, "r", options=options, metadata_errors="replace") as container:
                yield container
    except ClipFailed:
        raise
    except (av.FFmpegError, OSError, ValueError, ArithmeticError) as error:
        raise ClipFailed("This file can't be read as a video.") from error


def main_track(container: "InputContainer") -> "VideoStream":
    """Find the first video track that can be decoded and is not just cover art.

    Raises:
        ClipFailed: There is none, or its frames are too large.
    """
    from av.stream import Disposition  # noqa: PLC0415

    for stream in container.streams.video:
        context = stream.codec_context
        if context is not None and not stream.disposition & Disposition.attached_pic:
            if context.width * context.height > MAX_FRAME_PIXELS:
                raise ClipFailed("This video's frames have too many pixels.")
            return stream
    raise ClipFailed("This file can't be read as a video.")


def bounded(listed: Iterator[T]) -> Iterator[T]:
    """Iterate over a container's packets or frames, up to what this model's videos have.

    Raises:
        ClipFailed: There are more.
    """
    yield from islice(listed, MAX_PACKETS)
    if next(listed, None) is not None:
        raise ClipFailed("This video is too long to read.")


def frames(container: "InputContainer") -> Iterator["VideoFrame"]:
    """Decode all frames that can be decoded from here on, in display order.

    Raises:
        ClipFailed: There are too many.
    """
    import av  # noqa: PLC0415

    track = main_track(container)
    track.thread_type = "AUTO"
    track.codec_context.options = {"max_pixels": str(MAX_FRAME_PIXELS)}
    left = MAX_DECODED_PIXELS
    for packet in bounded(container.demux(track)):
        with suppress(av.FFmpegError):  # packets after a damaged one may be fine again
            for frame in packet.decode():
                left -= frame.width * frame.height
                if left < 0:
                    raise ClipFailed("This video is too long to read.")
                yield frame
