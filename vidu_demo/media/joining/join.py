"""Joins videos to one MP4, always re-encoded, a frame at a time.

The first part gives the size, and the fastest part the frame rate. A part of another size is scaled
to fit, with black bars. Times are counted in frames and samples from the start of the whole, so
sound and picture can't drift apart, however many parts there are.

Runs in a process of its own: `worker`.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, dropwhile, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidu_demo.api.mp4.container import is_whole
from vidu_demo.api.mp4.video import ClipFailed, bounded, frames, main_track, open_video
from vidu_demo.api.text import Text, own
from vidu_demo.media import clip
from vidu_demo.media.joining import sound as join_sound
from vidu_demo.media.joining.picture import Canvas, fitting, same

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

MAX_PARTS = 24
MAX_SECONDS = 60.0
"""For each part. The model makes 10 s."""
STANDARD_RATES = tuple(
    map(Fraction, ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60"))
)
RATE_TOLERANCE = 0.005
"""How far a rate can be, as a share, from a standard one that it is taken for."""
SLOWEST, FASTEST = 1, 60
"""Frames per second."""
X264 = {"crf": "16", "preset": "veryfast", "x264-params": "rc-lookahead=10"}
"""Two encodings in a row must not show. A short lookahead takes less memory."""
THREADS = 2
"""For the encoder: others use the machine, too."""
SOUND_BITS = 192_000
_BT709 = 1
"""FFmpeg's code for the colours of HD video."""


@dataclass(frozen=True)
class Source:
    """A video, or a piece of it.

    Attributes:
        path: The video.
        start: Seconds cut from its beginning.
        end: Where it ends, in seconds of the video; None for its end.
    """

    path: Path
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True)
class _Piece:
    """A part as measured. Times are in seconds; `first` is when its first frame is shown."""

    number: int
    path: Path
    first: Fraction
    start: float
    seconds: float
    rate: Fraction
    sounds: bool


def join(
    parts: Sequence[Source],
    target: Path,
    story: Mapping[str, Any],
    *,
    report: Callable[[float], None] = lambda _: None,
) -> None:
    """Join videos to one MP4: H.264, and AAC if any of them has sound.

    At a joint, the sound fades for 20 ms, and a first frame that repeats the last one is left out.
    Nothing is at `target` until the file is complete.

    Args:
        parts: The videos, in order.
        target: Where to write it.
        story: What to write into its comment, as `clip.write_settings` does.
        report: Called with the progress in percent, often.

    Raises:
        ClipFailed: A part can't be read, or the result can't be written.
    """
    import av  # noqa: PLC0415 - it loads slowly

    if not 0 < len(parts) <= MAX_PARTS:
        raise ClipFailed(Text("Up to {most} videos can be joined.", most=MAX_PARTS))
    comment = clip.as_comment(story)
    if len(comment) > clip.MAX_SETTINGS:
        raise ClipFailed("The joined video can't be written: its settings are too long.")
    pieces = [_measure(number, part) for number, part in enumerate(parts, 1)]
    made = unfinished(target, os.getpid())
    try:
        shown = _write(pieces, made, comment, report)
        _check(made, shown, any(piece.sounds for piece in pieces), comment)
        with made.open("rb+") as file:
            os.fsync(file.fileno())
        made.replace(target)
    except (av.FFmpegError, OSError) as error:
        why = getattr(error, "strerror", None) or own("the encoder failed")
        raise ClipFailed(Text("The joined video can't be written: {why}.", why=why)) from error
    finally:
        with suppress(OSError):
            made.unlink(missing_ok=True)
    report(100.0)


def unfinished(target: Path, process: int) -> Path:
    """Name the file that a process writes before it is complete."""
    return target.with_name(f"{target.name}.{process}.part")


def _measure(number: int, part: Source) -> _Piece:
    """Measure a part without decoding it."""
    try:
        with open_video(part.path) as container:
            track = main_track(container)
            listed = [
                (packet.pts * packet.time_base, (packet.duration or 0) * packet.time_base)
                for packet in bounded(container.demux(track))
                if packet.pts is not None and not packet.is_discard
            ]
            sounds = join_sound.track(container) is not None
    except ClipFailed as error:
        raise _about(number, error) from error
    times = sorted(time for time, _ in listed)
    if not times:
        raise ClipFailed(Text("Part {number} can't be read as a video.", number=number))
    span = times[-1] - times[0]
    rate = _standard((len(times) - 1) / span) if span else Fraction(24)
    end = float(max(span + 1 / rate, max(map(sum, listed)) - times[0]))
    start = max(0.0, part.start)
    seconds = min(end, end if part.end is None else part.end) - start
    if seconds <= 0:
        raise ClipFailed(Text("Nothing is left of part {number}.", number=number))
    if seconds > MAX_SECONDS:
        raise ClipFailed(
            Text("Part {number} is longer than {most} s.", number=number, most=int(MAX_SECONDS))
        )
    return _Piece(number, part.path, times[0], start, seconds, rate, sounds)


def _standard(rate: Fraction) -> Fraction:
    nearest = min(STANDARD_RATES, key=lambda standard: abs(rate - standard))
    if abs(rate / nearest - 1) < RATE_TOLERANCE:
        return nearest
    return min(max(rate, Fraction(SLOWEST)), Fraction(FASTEST)).limit_denominator(1001)


def _about(number: int, error: ClipFailed) -> ClipFailed:
    """Say which part it is about."""
    return ClipFailed(Text("Part {number}: {why}", number=number, why=own(error.args[0])))


def _write(
    pieces: Sequence[_Piece], made: Path, comment: str, report: Callable[[float], None]
) -> int:
    """Write the file.

    Returns:
        How many frames it has.

    Raises:
        ClipFailed: A part can't be read.
        OSError: The file can't be written.
    """
    import av  # noqa: PLC0415 - it loads slowly
    from av.video.frame import PictureType  # noqa: PLC0415

    rate = max(piece.rate for piece in pieces)
    total = sum(_count(piece, rate) for piece in pieces)
    canvas = Canvas(_size(pieces[0]))
    with av.open(made, "w", format="mp4", options={"movflags": "+faststart"}) as file:
        file.metadata["comment"] = comment
        video = file.add_stream("libx264", rate, options=X264)
        video.width, video.height = canvas.size
        video.pix_fmt = "yuv420p"
        context = video.codec_context
        context.time_base = 1 / rate
        context.gop_size = round(2 * rate)
        context.thread_count = THREADS
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = 1
        sound = None
        if any(piece.sounds for piece in pieces):
            sound = file.add_stream("aac", join_sound.RATE, layout="stereo")
            sound.bit_rate = SOUND_BITS
        shown, done, sent = 0, 0, 0
        last: VideoFrame | None = None
        for piece in pieces:
            heard: Iterator[join_sound.Samples] | None = None
            count = _count(piece, rate)
            for place, frame in _new(enumerate(_pictures(piece, rate, canvas)), last):
                if heard is None:  # the first frame that is shown
                    frame.pict_type = PictureType.I
                    heard = _sound(
                        piece,
                        place / rate,
                        _samples(shown + count - place, rate) - sent,
                        len(pieces),
                    )
                else:
                    frame.pict_type = PictureType.NONE
                frame.pts, frame.time_base = shown, 1 / rate
                file.mux(video.encode(frame))
                shown += 1
                if sound:
                    while sent < _samples(shown, rate):
                        block = next(heard)
                        file.mux(sound.encode(join_sound.frame(block, sent)))
                        sent += block.shape[1]
                last = frame
                report(99 * (done + place) / total)
            done += count
        file.mux(video.encode(None))
        if sound:
            file.mux(sound.encode(None))
    return shown


def _new(
    pictures: Iterator[tuple[int, "VideoFrame"]], last: "VideoFrame | None"
) -> Iterator[tuple[int, "VideoFrame"]]:
    """Leave out the first picture, for as long as it is shown, if it repeats the last one."""
    place, first = next(pictures)
    if last is not None and same(last, first):
        return dropwhile(lambda each: each[1] is first, pictures)
    return chain([(place, first)], pictures)


def _pictures(piece: _Piece, rate: Fraction, canvas: Canvas) -> Iterator["VideoFrame"]:
    """Yield the picture to show for each frame of a part; the same one where it stays.

    Raises:
        ClipFailed: The part can't be read.
    """
    count, place = _count(piece, rate), 0
    current: VideoFrame | None = None
    fitted: VideoFrame | None = None
    try:
        with open_video(piece.path) as container:
            main_track(container).codec_context.thread_count = 1  # each one holds a frame more
            for frame in frames(container):
                if frame.pts is None or frame.time_base is None:
                    continue
                time = float(frame.pts * frame.time_base - piece.first) - piece.start
                while current is not None and place < count and (place + 0.5) / rate <= time:
                    fitted = fitted or canvas.fit(current)
                    yield fitted
                    place += 1
                if place == count:
                    return
                current, fitted = frame, None
        if current is None:
            raise ClipFailed("No frame of this video can be decoded.")
    except ClipFailed as error:
        raise _about(piece.number, error) from error
    fitted = fitted or canvas.fit(current)
    yield from repeat(fitted, count - place)


def _sound(piece: _Piece, skipped: Fraction, samples: int, of: int) -> Iterator[join_sound.Samples]:
    """Yield the sound of a part in blocks, from the frame that is shown first.

    Raises:
        ClipFailed: It can't be read.
    """
    begin = piece.first + Fraction(piece.start) + skipped
    heard = join_sound.heard(piece.path, begin) if piece.sounds else iter(())
    try:
        yield from join_sound.faded(
            join_sound.exactly(heard, samples),
            samples,
            begins=piece.number > 1,
            ends=piece.number < of,
        )
    except ClipFailed as error:
        raise _about(piece.number, error) from error


def _size(piece: _Piece) -> tuple[int, int]:
    """Return the size of the whole, that of its first frame.

    Raises:
        ClipFailed: It can't be decoded.
    """
    try:
        return fitting(clip.first_frame(piece.path).size)
    except ClipFailed as error:
        raise _about(piece.number, error) from error


def _count(piece: _Piece, rate: Fraction) -> int:
    """Return how many frames a part has in the whole."""
    return max(1, round(piece.seconds * rate))


def _samples(shown: int, rate: Fraction) -> int:
    """Return how many samples of sound belong to so many frames."""
    return int(shown * join_sound.RATE / rate)


def _check(made: Path, shown: int, sounds: bool, comment: str) -> None:
    """Check that a written file holds what was written.

    Raises:
        ClipFailed: It does not.
        OSError: It can't be read.
    """
    import av  # noqa: PLC0415

    with made.open("rb") as file:
        whole = is_whole(file)
    with av.open(made) as film:  # it can be larger than the videos that we trust others with
        heard, told = bool(film.streams.audio), film.metadata.get("comment")
        counted = sum(1 for packet in film.demux(video=0) if packet.size)
    if not whole or (counted, heard, told) != (shown, sounds, comment):
        raise ClipFailed("The joined video can't be written: it is not complete.")
