"""Opens uploaded files, in the visitors' turns and in worker processes if there are any."""

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from vidu_demo.api import images
from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.formats.kinds import FileKind, kind, picture_format
from vidu_demo.api.images import Picture, PictureTooLong
from vidu_demo.api.run import Run, in_process
from vidu_demo.media import archive, clip, framing
from vidu_demo.media.framing import Frame, TooLong
from vidu_demo.ui.form import uploads
from vidu_demo.ui.form.uploads import UploadedFile

SHOWN = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",), "GIF": (".gif",)}
"""The formats that every browser can show, with the suffixes they are served under."""
_HEAD = 512
"""Bytes needed to recognise a picture's format."""
_LONGEST = 4 * framing.LONGEST
"""Pixels to keep on the long side of a picture that must be padded or cropped first."""


@dataclass(frozen=True)
class Opener:
    """Opens files for a visitor.

    Attributes:
        run: Decodes them: in this process, or a pool's `run`.
        visitor: Who asks; a pool serves visitors in turn.
    """

    run: Run = in_process
    visitor: str = ""

    def frame(self, file: UploadedFile) -> Frame | TooLong:
        """Look at a picture as it will be sent.

        Raises:
            PictureInvalid: It can't be used.
        """
        return framing.frame(file, run=self.run, visitor=self.visitor)

    def frames(self, files: list[UploadedFile]) -> list[Frame | TooLong | None]:
        """Look at several pictures. None stands for a picture that can't be used."""
        found: list[Frame | TooLong | None] = []
        for file in files:
            try:
                found.append(self.frame(file))
            except PictureInvalid:
                found.append(None)
        return found

    def viewable(self, file: UploadedFile) -> UploadedFile:
        """Return a picture that every browser can show: the file itself, or a converted copy.

        Raises:
            PictureInvalid: It can't be used.
        """
        with file.path.open("rb") as opened:
            format_ = picture_format(opened.read(_HEAD))
        if file.path.suffix.lower() in SHOWN.get(format_ or "", ()):
            return file
        try:
            picture = images.prepare(file.path, run=self.run, visitor=self.visitor)
        except PictureTooLong:
            return self._written(
                self.run(images.thumbnail, file.path, _LONGEST, visitor=self.visitor),
                f"{file.path.stem}.jpg",
            )
        return self._written(picture.data, file.path.stem + picture.suffix)

    def fitted(self, file: UploadedFile, way: str) -> UploadedFile:
        """Pad or crop a picture that is too long.

        Args:
            file: The picture.
            way: `pad` or `crop`.

        Raises:
            PictureInvalid: It can't be used.
        """
        make = framing.padded if way == "pad" else framing.cropped
        picture: Picture = self.run(make, file.path, visitor=self.visitor)
        return self._written(picture.data, f"{file.path.stem}-{way}{picture.suffix}")

    @staticmethod
    def is_video(file: UploadedFile) -> bool:
        """Tell from its content whether a file is a video."""
        return kind(file.path) is FileKind.VIDEO

    def first_frame(self, file: UploadedFile) -> UploadedFile:
        """Save a video's first frame as a picture.

        Raises:
            ClipFailed, PictureInvalid: It can't be opened.
        """
        picture = uploads.new_file(f"{file.path.stem}.png")
        self.run(clip.first_frame, file.path, visitor=self.visitor).save(picture)
        return picture

    def last_frame(self, video: Path) -> UploadedFile:
        """Save a video's last frame as a picture, to start the next video.

        Raises:
            ClipFailed, PictureInvalid: It can't be opened.
        """
        picture = uploads.new_file(f"{video.stem}-last.png")
        self.run(clip.last_frame, video, visitor=self.visitor).save(picture)
        return picture

    def frame_at(self, video: Path, seconds: float) -> UploadedFile:
        """Save the frame of a video that is shown at a time, to start the next video.

        Raises:
            ClipFailed, PictureInvalid: It can't be opened.
        """
        picture = uploads.new_file(f"{video.stem}-{seconds:.1f}s.png")
        self.run(clip.frame_at, video, seconds, visitor=self.visitor).save(picture)
        return picture

    def copied(self, picture: Path) -> UploadedFile:
        """Copy a picture of a job, so that it is an upload of its own.

        Raises:
            OSError: It can't be read, or there is no space.
        """
        copy = uploads.new_file(picture.name)
        shutil.copyfile(picture, copy)
        return copy

    def story(self, file: UploadedFile) -> dict[str, Any] | None:
        """Read what a film was made of, from a film joined here; it can't be trusted."""
        carried = self.run(clip.read_settings, file.path, visitor=self.visitor) or {}
        return carried if isinstance(carried.get("parts"), list) else None

    def settings(self, file: UploadedFile) -> dict[str, Any] | None:
        """Read the request's settings from a video made here."""
        carried = self.run(clip.read_settings, file.path, visitor=self.visitor) or {}
        request = carried.get("request")
        return request if isinstance(request, dict) else None

    def takes(self, file: UploadedFile) -> list[dict[str, Any]]:
        """List what the takes in a zip were asked for, as `archive.takes` does.

        Raises:
            PictureInvalid: It can't be read.
        """
        return self.run(archive.takes, file.path, visitor=self.visitor)

    def taken_pictures(self, file: UploadedFile, names: list[str]) -> list[UploadedFile]:
        """Save the pictures of a take in a zip, under names of our own.

        Raises:
            PictureInvalid: One of them can't be used.
        """
        found = []
        for number, name in enumerate(names, 1):
            data = self.run(archive.picture, file.path, name, visitor=self.visitor)
            picture = self._written(data, f"picture-{number}{PurePosixPath(name).suffix}")
            try:
                self.frame(picture)
                found.append(self.viewable(picture))
            except PictureInvalid:
                picture.path.unlink()
                raise
        return found

    @staticmethod
    def _written(data: bytes, name: str) -> UploadedFile:
        new = uploads.new_file(name)
        new.path.write_bytes(data)
        return new
