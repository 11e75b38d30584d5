"""A finished video file: what it really contains, some of its frames, and its settings.

The settings are stored in the file itself, as JSON in the ordinary `comment` of an MP4 or MOV. Any
player shows them, and the page can fill its form from a video that is dropped on it.
"""

import json
import os
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from vidu_demo.api import images
from vidu_demo.api.mp4.video import ClipFailed, bounded, frames, main_track, open_video
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.responses import read_json
from vidu_demo.api.text import Text

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

__all__ = [
    "ClipFailed",
    "Facts",
    "as_comment",
    "copy_without_settings",
    "differences",
    "facts",
    "first_frame",
    "frame_at",
    "last_frame",
    "read_settings",
    "still",
    "write_settings",
]

LENGTH_TOLERANCE = 0.5
"""Seconds. Models make frames in groups, so few videos are exactly as long as requested."""
SIDE_TOLERANCE = 15
"""Pixels. Encoders work in blocks of 16, and not all crop the excess: 1088 for 1080."""
MAX_SETTINGS = 400_000
"""Characters of JSON: the longest prompts of a joined video's 24 parts, with room to spare."""

_REMUXES = ("+faststart", "+faststart+use_metadata_tags")
"""FFmpeg's `movflags`, in the order tried. The first writes tags where every player looks, but
can't store unusual ones such as `AIGC`, the label of generated videos in China."""
_WRITERS_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder", "comment"}
"""Tags that a remux rewrites."""
_BEYOND_THE_END = 2**40
"""In any track's time base: FFmpeg then seeks to the last key frame."""
_ROUNDING = 0.002
"""Seconds that a browser's time can be before the frame that it shows."""
_UNTAGGED, _HD = 2, 720
"""FFmpeg's code for no colour matrix, and the height from which browsers then assume BT.709."""


@dataclass(frozen=True)
class Facts:
    """What a video file contains.

    Attributes:
        width: In pixels, as displayed, after any rotation.
        height: In pixels, as displayed.
        seconds: From the first frame displayed to the end of the last one.
        frames_per_second: The average, to two decimals.
        audio: Whether there is an audio track; it may be silent.
    """

    width: int
    height: int
    seconds: float
    frames_per_second: float
    audio: bool


def facts(path: Path) -> Facts:
    """Measure a video.

    Raises:
        ClipFailed: It can't be read as a video.
    """
    width, height = first_frame(path).size
    with open_video(path) as container:
        video = main_track(container)
        shown = [
            (packet.pts * packet.time_base, (packet.duration or 0) * packet.time_base)
            for packet in bounded(container.demux(video))
            if packet.pts is not None and not packet.is_discard
        ]
        seconds = float(max(start + length for start, length in shown) - min(shown)[0])
        rate = round(len(shown) / seconds, 2)
        return Facts(width, height, seconds, rate, bool(container.streams.audio))


def differences(request: Mapping[str, Any], facts: Facts) -> list[str]:
    """List where a video visibly differs from the request.

    Args:
        request: The fields of a `VideoRequest`. Missing fields are not compared.
        facts: The actual video.
    """
    found: list[str] = []
    seconds = request.get("duration")
    if seconds and abs(facts.seconds - seconds) > LENGTH_TOLERANCE:
        found.append(
            Text(
                "Asked for {asked} s; the video is {came} s long.",
                asked=seconds,
                came=f"{facts.seconds:.1f}",
            )
        )
    resolution = request.get("resolution")
    side = min(facts.width, facts.height)
    if resolution and abs(side - int(resolution.removesuffix("p"))) > SIDE_TOLERANCE:
        found.append(
            Text(
                "Asked for {asked}; the video is {width} × {height} pixels.",
                asked=resolution,
                width=facts.width,
                height=facts.height,
            )
        )
    sound, music = request.get("audio"), request.get("bgm")
    if facts.audio and sound is False and music is False:
        found.append("Asked for a silent video; this one has an audio track.")
    if not facts.audio and sound:
        found.append("Asked for sound; the video has no audio track.")
    elif not facts.audio and music and _plays_music(request):
        found.append("Asked for music; the video has no audio track.")
    return found


def first_frame(path: Path) -> Image.Image:
    """Return the first frame that can be decoded.

    Raises:
        ClipFailed: There is none.
    """
    with open_video(path) as container:
        first = next(frames(container), None)
        if first is None:
            raise ClipFailed("No frame of this video can be decoded.")
        return _image(first)


def still(path: Path, side: int, sent_as: str = "JPEG") -> bytes:
    """Make a small picture of the middle of a video.

    Args:
        path: The video. If its middle can't be decoded, the last frame before it is used.
        side: Maximum length of its longer side, in pixels.
        sent_as: `JPEG`, `PNG` or `WEBP`.

    Raises:
        ClipFailed: No frame can be decoded.
    """
    import av  # noqa: PLC0415 - it loads slowly

    shown: VideoFrame | None = None
    with open_video(path) as container:
        middle = ((container.start_time or 0) + (container.duration or 0) / 2) / av.time_base
        for shown in frames(container):
            if shown.time is not None and shown.time >= middle:
                break
        if shown is None:
            raise ClipFailed("No frame of this video can be decoded.")
        return images.thumbnail(_image(shown), side, sent_as)


def last_frame(path: Path) -> Image.Image:
    """Return the last frame that can be decoded, whatever length the file claims.

    Decodes only what follows the last key frame, or everything if nothing there can be decoded.

    Raises:
        ClipFailed: There is none.
    """
    import av  # noqa: PLC0415 - it loads slowly

    for from_the_end in (True, False):
        with open_video(path) as container:
            if from_the_end:
                with suppress(av.FFmpegError):
                    container.seek(_BEYOND_THE_END, stream=main_track(container))
            if last := deque(frames(container), maxlen=1):
                return _image(last.pop())
    raise ClipFailed("No frame of this video can be decoded.")


def frame_at(path: Path, seconds: float) -> Image.Image:
    """Return the frame that a player shows at a time, or the last one before it.

    Args:
        path: The video.
        seconds: From the video's beginning.

    Raises:
        ClipFailed: No frame can be decoded.
    """
    import av  # noqa: PLC0415 - it loads slowly

    for seeking in (True, False):
        shown: VideoFrame | None = None
        with open_video(path) as container:
            at = seconds + (container.start_time or 0) / av.time_base
            if seeking:  # to the key frame before it
                with suppress(av.FFmpegError):
                    container.seek(int(at * av.time_base))
            for frame in frames(container):
                if frame.time is not None and frame.time > at + _ROUNDING:
                    if not seeking:
                        shown = shown or frame
                    break  # a seek can go too far, and then nothing is shown
                shown = frame
            if shown is not None:
                return _image(shown)
    raise ClipFailed("No frame of this video can be decoded.")


def write_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Write settings into the comment of an MP4 or MOV, replacing the existing one.

    Nothing is re-encoded. A copy is written to a `*.part` file next to the original, and replaces
    it only after it was read back with these settings, every other tag and every packet at its
    time. Anything but tracks and tags is not copied, such as a seal of origin, which the change
    breaks.

    Args:
        path: The video.
        settings: Anything that JSON can hold. They travel with the video, so no secrets.

    Raises:
        ClipFailed: It failed; the file is unchanged.
    """
    import av  # noqa: PLC0415 - it loads slowly

    try:
        _copy(path, path.with_name(path.name + ".part"), path, settings)
    except (av.FFmpegError, OSError, TypeError, ValueError) as error:
        raise ClipFailed("The settings can't be written into this video.") from error


def copy_without_settings(path: Path, target: Path) -> None:
    """Copy an MP4 or MOV without its comment. Nothing is re-encoded, and other tags stay.

    Args:
        path: The video.
        target: Where the copy goes, once it is complete.

    Raises:
        ClipFailed: It failed; there is no copy.
    """
    import av  # noqa: PLC0415 - it loads slowly

    try:
        part = target.with_name(f"{target.name}.{os.getpid()}.part")  # others may copy it, too
        _copy(path, part, target, None)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ClipFailed("This video can't be copied without its settings.") from error


def as_comment(settings: Mapping[str, Any]) -> str:
    """Write settings as the text of a comment.

    Raises:
        TypeError, ValueError: JSON can't hold them.
    """
    return json.dumps(settings, ensure_ascii=False, allow_nan=False)


def read_settings(path: Path) -> dict[str, Any] | None:
    """Read what `write_settings` wrote. Neither the file nor its content can be trusted.

    Returns:
        None if there is no JSON object.
    """
    try:
        with open_video(path) as container:
            comment = container.metadata.get("comment", "")
    except (OSError, ValueError):
        return None
    settings = read_json(comment) if len(comment) <= MAX_SETTINGS else None
    return settings if isinstance(settings, dict) else None


def _image(frame: "VideoFrame") -> Image.Image:
    # FFmpeg assumes BT.601 for everything untagged; browsers don't.
    matrix = "ITU709" if frame.colorspace == _UNTAGGED and frame.height >= _HD else None
    pixels = frame.to_ndarray(format="rgb24", src_colorspace=matrix)
    return Image.fromarray(pixels).rotate(frame.rotation, expand=True)


def _plays_music(fields: Mapping[str, Any]) -> bool:
    request = VideoRequest.unchecked(**fields)
    return "bgm" not in {notice.field for notice in request.notices()}


def _contents(path: Path) -> tuple[dict[str, str], list[tuple[object, ...]]]:
    """List what must survive a remux: the tags, and the packets with their timestamps."""
    with open_video(path) as container:
        tags = {k: v for k, v in container.metadata.items() if k not in _WRITERS_TAGS}
        listed = [
            (
                packet.stream_index,
                *(t and t * packet.time_base for t in (packet.pts, packet.dts, packet.duration)),
                packet.is_discard,
                hash(bytes(packet)),
            )
            for packet in bounded(container.demux())
            if packet.size  # an empty packet only ends its track
        ]
    return tags, sorted(listed, key=itemgetter(0))  # the interleaving of tracks may change


def _copy(path: Path, part: Path, target: Path, settings: Mapping[str, Any] | None) -> None:
    """Copy a video with other settings or none, and check the copy before it replaces anything."""
    try:
        held = _contents(path)
        comment = None if settings is None else as_comment(settings)
        tags = held[0] if comment is None else {**held[0], "comment": comment}
        for movflags in _REMUXES:
            _remux(path, part, tags, movflags)
            if _contents(part) == held:
                break
        else:
            raise ValueError("the copy is not the same")
        if read_settings(part) != (comment and json.loads(comment)):
            raise ValueError("the settings do not read back")
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        with suppress(OSError, ValueError):  # whatever failed above may fail here, too
            part.unlink(missing_ok=True)


def _remux(path: Path, part: Path, tags: dict[str, str], movflags: str) -> None:
    import av  # noqa: PLC0415

    with open_video(path) as source:
        if "mp4" not in source.format.name or {s.type for s in source.streams} - {"video", "audio"}:
            raise ValueError("not a plain MP4 or MOV")
        kind = "mov" if source.metadata.get("major_brand") == "qt  " else "mp4"
        with av.open(part, "w", format=kind, options={"movflags": movflags}) as copy:
            copy.metadata.update(tags)
            tracks = []
            for stream in source.streams:
                track = copy.add_stream_from_template(stream, opaque=True)
                track.metadata.update(stream.metadata)
                track.disposition = stream.disposition
                track.codec_context.codec_tag = stream.codec_context.codec_tag
                tracks.append(track)
            for packet in bounded(source.demux()):
                if packet.size:
                    packet.stream = tracks[packet.stream_index]
                    copy.mux(packet)
