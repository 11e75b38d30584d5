"""The contact sheet: stills in a grid, with labels in letters that every font has."""

import io
from pathlib import Path

import pytest
from PIL import Image

from vidu_demo.media.contact_sheet import HEIGHT, WIDTH, Cell, contact_sheet

RED, GREEN = (220, 30, 30), (30, 180, 60)


def opened(*cells: Cell) -> Image.Image:
    sheet = Image.open(io.BytesIO(contact_sheet(cells)))
    assert sheet.format == "PNG"
    return sheet


@pytest.mark.parametrize(
    ("size", "number", "columns"),
    [((480, 270), 4, 2), ((480, 270), 12, 3), ((270, 480), 3, 3), ((480, 270), 1, 1)],
)
def test_stills_stand_in_rows(size: tuple[int, int], number: int, columns: int) -> None:
    sheet = opened(*[Cell(Image.new("RGB", size, RED), "seed 7")] * number)
    width = min(size[0], round(HEIGHT * size[0] / size[1]))
    assert abs(sheet.width - columns * (width + 16) - 16) <= columns
    rows = -(-number // columns)
    assert sheet.height > rows * min(size[1], HEIGHT)


def test_each_has_its_place_and_its_label(tmp_path: Path) -> None:
    Image.new("RGB", (960, 540), GREEN).save(tmp_path / "still.webp", lossless=True)
    sheet = opened(
        Cell(Image.new("RGB", (480, 270), RED), "3 s"), Cell(tmp_path / "still.webp", "5 s")
    )
    assert sheet.getpixel((100, 100)) == RED
    green = sheet.getpixel((16 + WIDTH + 16 + 100, 100))
    assert isinstance(green, tuple)
    assert all(abs(a - b) < 4 for a, b in zip(green, GREEN, strict=True))
    below = sheet.crop((0, 16 + 270, sheet.width, sheet.height))
    assert len(below.getcolors(1 << 24) or []) > 2  # there are letters
    other = opened(*[Cell(Image.new("RGB", (480, 270), RED), label) for label in ("3 s", "8 s")])
    assert below.tobytes() != other.crop((0, 16 + 270, *other.size)).tobytes()


def test_letters_that_the_font_lacks_are_left_out() -> None:
    still = Image.new("RGB", (480, 270), RED)
    assert contact_sheet([Cell(still, "seed 7 你好")]) == contact_sheet([Cell(still, "seed 7 ")])


def test_a_still_that_is_missing_or_broken_leaves_its_place_empty(tmp_path: Path) -> None:
    (tmp_path / "broken.webp").write_bytes(b"no picture")
    sheet = opened(
        Cell(None, "1"), Cell(tmp_path / "broken.webp", "2"), Cell(tmp_path / "gone.webp", "3")
    )
    assert sheet.width > WIDTH


def test_long_labels_end_after_two_lines() -> None:
    still = Image.new("RGB", (480, 270), RED)
    assert opened(Cell(still, "word " * 500)).height < 270 + 100


def test_without_stills_there_is_no_sheet() -> None:
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])
