"""Uploaded files opened: each in its visitor's turn, and in a worker process where there is one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidu_demo.api import images
from vidu_demo.api.errors import PictureInvalid
from vidu_demo.api.formats.kinds import Kind, kind, picture_format
from vidu_demo.api.images import Picture, PictureTooLong
from vidu_demo.api.run import Run, in_process
from vidu_demo.media import clip, framing
from vidu_demo.media.framing import Frame, TooLong
from vidu_demo.ui.form import uploads
from vidu_demo.ui.form.uploads import UploadedFile

SHOWN = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",), "GIF": (".gif",)}
"""The formats that every browser shows, with the suffixes they are served by."""
_HEAD = 512
"""Bytes that tell a picture's format."""
_LONGEST = 4 * framing.LONGEST
"""Pixels kept of the long side of a picture that has to be padded or cropped first."""


@dataclass(frozen=True)
class Opener:
    """Opens files for a visitor.

    Attributes:
        run: Where they are decoded: in this process, or a pool's `run`.
        visitor: For whom, where a pool takes turns.
    """

    run: Run = in_process
    visitor: str = ""

    def frame(self, file: UploadedFile) -> Frame | TooLong:
        """Look at a picture as it is sent.

        Raises:
            PictureInvalid: It can't be used.
        """
        return framing.frame(file, run=self.run, visitor=self.visitor)

    def frames(self, files: list[UploadedFile]) -> list[Frame | TooLong | None]:
        """Look at several. None stands for one that can't be used."""
        found: list[Frame | TooLong | None] = []
        for file in files:
            try:
                found.append(self.frame(file))
            except PictureInvalid:
                found.append(None)
        return found

    def viewable(self, file: UploadedFile) -> UploadedFile:
        """Give a picture that every browser shows: the file itself, or one made of it.

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
        """Make a picture that is too long ready to be sent.

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
        """Tell by its content whether a file is a video."""
        return kind(file.path) is Kind.VIDEO

    def first_frame(self, file: UploadedFile) -> UploadedFile:
        """Make a picture of a video's first frame.

        Raises:
            ClipFailed, PictureInvalid: It can't be opened.
        """
        picture = uploads.new_file(f"{file.path.stem}.png")
        self.run(clip.first_frame, file.path, visitor=self.visitor).save(picture)
        return picture

    def last_frame(self, video: Path) -> UploadedFile:
        """Make a picture of the last frame of a video, which may begin the next one.

        Raises:
            ClipFailed, PictureInvalid: It can't be opened.
        """
        picture = uploads.new_file(f"{video.stem}-last.png")
        self.run(clip.last_frame, video, visitor=self.visitor).save(picture)
        return picture

    def settings(self, file: UploadedFile) -> dict[str, Any] | None:
        """Read the settings of the request that a video made here carries."""
        carried = self.run(clip.read_settings, file.path, visitor=self.visitor) or {}
        request = carried.get("request")
        return request if isinstance(request, dict) else None

    @staticmethod
    def _written(data: bytes, name: str) -> UploadedFile:
        new = uploads.new_file(name)
        new.path.write_bytes(data)
        return new
