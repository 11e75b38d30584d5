"""Pictures judged by their own bytes: what is refused undecoded, and what is thrown away."""

import io
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin

from vidu_demo.api.errors import Charged, PictureInvalid
from vidu_demo.api.formats import av1, limits
from vidu_demo.api.formats.judge import judge
from vidu_demo.api.formats.kinds import FileKind, kind
from vidu_demo.api.images import flatten, prepare, thumbnail
from vidu_demo.settings import ROOT

pillow_heif.register_heif_opener()

GRAPH = b'{"nodes":[' + b'{"id":1,"kind":"sampler","at":[10,20]},' * 40_000 + b"{}]}"
JUNK = bytes(range(256)) * 8_000


@pytest.fixture(scope="module")
def shown() -> Image.Image:
    y, x = np.mgrid[0:90, 0:120]
    return Image.fromarray(np.stack([2 * x, 2 * y, x ^ y], axis=-1).astype(np.uint8))


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def chunk(name: bytes, body: bytes, crc: bytes | None = None) -> bytes:
    right = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + (right if crc is None else crc)


def png(width: int, height: int, packed: bytes, depth: int = 1, interlaced: int = 0) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, interlaced)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def refused(data: bytes) -> str:
    """What is said of a file, which takes neither time nor memory."""
    begin = time.process_time()
    with pytest.raises(PictureInvalid) as caught:
        prepare(data)
    assert time.process_time() - begin < 2
    assert caught.value.charged is Charged.NO
    return caught.value.what


def same(data: bytes, other: bytes) -> bool:
    return flatten(data).tobytes() == flatten(other).tobytes()


# Refused before anything is decoded


@pytest.fixture
def undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: ImageFile.ImageFile) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize(
    ("width", "height", "said"),
    [
        (4, 22_250_000, limits.TOO_LONG_A_SIDE),
        (70_000, 1, limits.TOO_LONG_A_SIDE),
        (9_400, 9_400, limits.DAMAGED),
        (9_500, 9_500, limits.TOO_MANY_PIXELS),
        (2**31 - 1, 2**31 - 1, limits.TOO_MANY_PIXELS),
        (0, 9, limits.DAMAGED),
    ],
)
def test_a_png_that_claims_more_than_it_holds(width: int, height: int, said: str) -> None:
    assert refused(png(width, height, zlib.compress(b"\0\0" * 1000))) == said


@pytest.mark.usefixtures("undecoded")
def test_an_interlaced_png_that_claims_more_than_it_holds() -> None:
    assert refused(png(9_400, 9_400, zlib.compress(bytes(9_999)), 16, 1)) == limits.DAMAGED


def test_a_png_that_is_all_of_one_colour_is_no_bomb() -> None:
    picture = prepare(encoded(Image.new("1", (5_000, 5_000), 1), "PNG"))
    assert (picture.width, picture.height) == (5_000, 5_000)


@pytest.mark.parametrize("interlaced", [0, 1])
def test_a_png_whose_data_ends_in_good_order_but_early(interlaced: int) -> None:
    row = b"\0" + b"\xff" * 8
    assert refused(png(64, 64, zlib.compress(row * 60), interlaced=interlaced)) == limits.DAMAGED
    whole = row * 64 if not interlaced else bytes(1 << 10)
    assert prepare(png(64, 64, zlib.compress(whole), interlaced=interlaced)).width == 64


def scans(side: int, times: int, mode: str = "L") -> bytes:
    data = encoded(Image.new(mode, (side, side)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * times + b"\xff\xd9"


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize(("side", "times"), [(4000, 9000), (4000, 100), (64, 400_000)])
def test_a_jpeg_that_repeats_its_scans(side: int, times: int) -> None:
    assert refused(scans(side, times)) in (limits.TOO_HEAVY, limits.DAMAGED)


def test_scans_that_are_cheap_pass() -> None:
    assert prepare(scans(200, 500)).width == 200


def test_scans_of_a_picture_within_another_dont_count(shown: Image.Image) -> None:
    inside = b"\xff\xe1" + struct.pack(">H", 40_002) + (b"\xff\xda" * 20_000)
    data = encoded(shown, "JPEG")
    assert same(data[:2] + inside * 40 + data[2:] + inside * 40, data)


@pytest.mark.usefixtures("undecoded")
def test_a_jpeg_without_the_bytes_for_its_pixels() -> None:
    data = bytearray(encoded(Image.new("L", (64, 64)), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 9_000, 9_000)
    assert refused(bytes(data)) == limits.DAMAGED


@pytest.mark.usefixtures("undecoded")
def test_pictures_that_need_too_much_memory_for_their_kind() -> None:
    red = Image.new("RGB", (8_000, 8_000))
    assert refused(encoded(red, "WEBP", quality=1, method=0)) == limits.TOO_HEAVY
    canvas = bytearray(encoded(Image.new("RGBA", (9, 9)), "WEBP", exif=b"Exif\0\0II*\0"))
    canvas[24:30] = b"\xff" * 6
    assert refused(bytes(canvas)) == limits.TOO_MANY_PIXELS


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_a_heic_that_claims_too_much(form: str, shown: Image.Image) -> None:
    data = bytearray(encoded(shown, form))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 30_000, 30_000)
    assert refused(bytes(data)) == limits.TOO_MANY_PIXELS


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def tiled_heic(tiles: int, depth: int = 1) -> bytes:
    """A HEIC whose picture is made of one of 64 MP, many times; or of one made of it, and so on."""
    sizes = box(b"ipco", box(b"ispe", struct.pack(">III", 0, 8_000, 8_000)))
    which = struct.pack(">II", 0, 1) + struct.pack(">HBB", 1 + depth, 1, 1)
    made_of = [
        box(b"dimg", struct.pack(">HH", item, tiles), struct.pack(">H", item + 1) * tiles)
        for item in range(1, 1 + depth)
    ]
    properties = box(b"iprp", sizes, box(b"ipma", which))
    meta = box(b"meta", bytes(4), properties, box(b"iref", bytes(4), *made_of))
    return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize(("tiles", "depth"), [(200, 1), (60_000, 1), (2, 7), (1, 300)])
def test_a_heic_made_of_too_many_tiles(tiles: int, depth: int) -> None:
    assert refused(tiled_heic(tiles, depth)) == limits.TOO_HEAVY


@pytest.mark.usefixtures("undecoded")
def test_a_bmp_without_its_pixels_or_packed_too_cleverly() -> None:
    head = struct.pack("<IiiHHI", 40, 9_000, 9_000, 1, 24, 0) + bytes(20)
    bmp = struct.pack("<2sIHHI", b"BM", 54, 0, 0, 54)
    assert refused(bmp + head + bytes(999)) == limits.DAMAGED
    packed = struct.pack("<IiiHHI", 40, 900, 900, 1, 8, 1) + bytes(20)
    assert refused(bmp + packed + b"\1\7" * 2_000_000) == limits.TOO_HEAVY
    assert refused(b"BMW " * 20) == limits.UNKNOWN


def tiff(tags: dict[int, tuple[int, int, bytes]], *after: bytes) -> bytes:
    entries = b"".join(
        struct.pack("<HHI", tag, form, count) + value.ljust(4, b"\0")
        for tag, (form, count, value) in sorted(tags.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + b"".join(after)


def long(*values: int) -> tuple[int, int, bytes]:
    return 4, len(values), struct.pack(f"<{len(values)}I", *values)


@pytest.mark.usefixtures("undecoded")
def test_a_tiff_that_claims_more_than_it_holds() -> None:
    plain = {256: long(9_000), 257: long(9_000), 258: long(8), 259: long(8), 262: long(1)}
    strips = {273: long(200), 279: long(900), 278: long(9_000)}
    assert refused(tiff(plain | strips, bytes(1_200))) == limits.DAMAGED
    assert refused(tiff(plain | {259: long(1)} | strips, bytes(1_200))) == limits.DAMAGED
    tile = {322: long(60_000), 323: long(60_000), 324: long(200), 325: long(900)}
    small = {256: long(9), 257: long(9), 258: long(8), 259: long(8), 262: long(1)}
    assert refused(tiff(small | tile, bytes(1_200))) == limits.TOO_HEAVY
    many = {273: (4, 10**6, struct.pack("<I", 100)), 279: (4, 10**6, struct.pack("<I", 100))}
    assert refused(tiff(small | many, bytes(5_000_000))) == limits.TOO_HEAVY


@pytest.mark.parametrize("at", [2**63, 2**64 - 1, 10**9, 0])
def test_a_tiff_that_leads_nowhere(at: int, tmp_path: Path) -> None:
    path = tmp_path / "photo.tiff"
    path.write_bytes(b"II+\0\x08\0\0\0" + struct.pack("<Q", at) + bytes(99))
    assert kind(path) is FileKind.PICTURE
    assert refused_path(path) == limits.DAMAGED


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize("packing", [6, 7])
@pytest.mark.parametrize("with_length", [False, True])
def test_scans_hidden_in_a_tiff(packing: int, with_length: bool) -> None:
    inside = scans(4000, 900)
    tags = {256: long(4_000), 257: long(4_000), 258: long(8), 259: long(packing), 262: long(1)}
    tags |= {273: long(200)} | ({279: long(len(inside))} if with_length else {})
    assert refused(tiff(tags, bytes(110), inside)) == limits.TOO_HEAVY


@pytest.mark.parametrize("pages", [1, 150])
def test_a_tiff_of_many_strips_or_pages_costs_no_more_to_judge(pages: int) -> None:
    """All pages lead to one list of 150,000 strips."""
    strips = struct.pack("<150000I", *[1] * 150_000)
    at, tags = 8, b""
    begin = 8 + pages * (2 + 4 * 12 + 4)
    for page in range(pages):
        at += 2 + 4 * 12 + 4
        tags += struct.pack("<H", 4)
        for tag, count, value in ((256, 1, 9), (257, 1, 9), (273, 150_000, begin)):
            tags += struct.pack("<HHII", tag, 4, count, value)
        tags += struct.pack("<HHII", 279, 4, 150_000, begin)
        tags += struct.pack("<I", at if page < pages - 1 else 0)
    begin_at = time.process_time()
    with suppress(PictureInvalid):
        prepare(b"II*\0" + struct.pack("<I", 8) + tags + strips)
    assert time.process_time() - begin_at < 2


def test_a_tiff_whose_every_tag_holds_the_whole_file() -> None:
    many = {tag: (1, 30_000_000, struct.pack("<I", 8)) for tag in range(65_000)}
    assert refused(tiff(many, bytes(30_000_000))) == limits.DAMAGED
    plain = {256: long(9), 257: long(9), 258: long(8), 259: long(1), 262: long(1)}
    plain |= {273: long(13_000), 279: long(81), 278: long(9), 277: long(1)}
    some = {tag: (1, 12_000, struct.pack("<I", 8)) for tag in range(40_000, 40_900)}
    made = judge(tiff(plain | some, bytes(3_000_000)))[1]
    assert made[8] == len(plain)


# Metadata never decides


def with_png_chunks(data: bytes, *chunks: bytes) -> bytes:
    return data[:33] + b"".join(chunks) + data[33:]


def bomb(millions: int) -> bytes:
    """Pack many zeros with the work of a million."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    million = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = struct.pack(">HH", millions * 1_000_000 % 65_521, 1)
    return zlib.compress(b"")[:2] + millions * million + packer.flush() + checksum


PNG_CHUNKS = {
    "zTXt": chunk(b"zTXt", b"workflow\0\0" + zlib.compress(GRAPH)),
    "tEXt": chunk(b"tEXt", b"workflow\0" + GRAPH),
    "iTXt": chunk(b"iTXt", b"workflow\0\0\0\0\0" + GRAPH),
    "packed iTXt": chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(GRAPH)),
    "eXIf": chunk(b"eXIf", b"II*\0" + GRAPH),
    "many": b"".join(chunk(b"tEXt", b"workflow\0%d" % n + GRAPH[:99]) for n in range(30_000)),
    "a bomb": chunk(b"zTXt", b"bomb\0\0" + bomb(200)),
    "a profile that is one": chunk(b"iCCP", b"bomb\0\0" + bomb(200)),
    "a wrong sum": chunk(b"tEXt", b"workflow\0x", b"\0\0\0\0"),
    "a wrong sum of a profile": chunk(b"iCCP", b"x\0\0" + zlib.compress(b"x"), b"\0\0\0\0"),
    "a broken stream": chunk(b"zTXt", b"workflow\0\0" + b"\xff" * 99),
    "none with a name": chunk(b"zTXt", b""),
    "frames": chunk(b"acTL", struct.pack(">II", 4_000_000_000, 0)),
    "unknown": chunk(b"abCd", JUNK),
}


@pytest.mark.parametrize("which", PNG_CHUNKS)
def test_what_a_png_says_beside_its_pixels(which: str, shown: Image.Image) -> None:
    plain = encoded(shown, "PNG")
    data = with_png_chunks(plain, PNG_CHUNKS[which])
    assert same(data, plain)
    end = plain[:-12] + PNG_CHUNKS[which] + plain[-12:] + JUNK
    assert same(end, plain)
    assert prepare(data) == prepare(plain)


def test_a_png_keeps_what_changes_its_pixels(shown: Image.Image) -> None:
    clear = encoded(shown.quantize(16), "PNG", transparency=3)
    at = clear.index(b"tRNS")
    length = struct.unpack_from(">I", clear, at - 4)[0]
    wrong = bytearray(clear)
    wrong[at + 4 + length : at + 8 + length] = bytes(4)
    assert same(bytes(wrong), clear)
    assert not same(clear, encoded(shown.quantize(16), "PNG"))


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


JPEG_SEGMENTS = {
    "comments": segment(0xFE, JUNK[:65_000]) * 40,
    "broken EXIF": segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff"),
    "endless EXIF": segment(0xE1, b"Exif\0\0" + JUNK[:65_000]) * 40,
    "a broken profile": segment(0xE2, b"ICC_PROFILE\0\1\xff" + JUNK[:60_000]),
    "a huge profile": segment(0xE2, b"ICC_PROFILE\0\1\xff" + JUNK[:60_000]) * 99,
    "a broken list of pictures": segment(0xE2, b"MPF\0II*\0\xff\xff\xff\xff"),
    "Photoshop": segment(0xED, b"Photoshop 3.0\x008BIM" + JUNK[:60_000]),
    "XMP": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + JUNK[:60_000]),
    "all": b"".join(segment(marker, JUNK[:9]) for marker in range(0xE1, 0xEE)),
}


@pytest.mark.parametrize("which", JPEG_SEGMENTS)
def test_what_a_jpeg_says_beside_its_pixels(which: str, shown: Image.Image) -> None:
    plain = encoded(shown, "JPEG")
    data = plain[:2] + JPEG_SEGMENTS[which] + plain[2:] + JUNK
    assert same(data, plain)
    assert prepare(data) == prepare(plain)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


@pytest.mark.parametrize("name", [b"EXIF", b"XMP ", b"ICCP", b"abcd"])
def test_what_a_webp_says_beside_its_pixels(name: bytes, shown: Image.Image) -> None:
    plain = encoded(shown, "WEBP", lossless=True)
    canvas = bytes([0x2C, 0, 0, 0, *(119).to_bytes(3, "little"), *(89).to_bytes(3, "little")])
    before, after = ([(name, JUNK)], []) if name == b"ICCP" else ([], [(name, JUNK)] * 3)
    pixels = (plain[12:16], plain[20:])
    assert same(riff((b"VP8X", canvas), *before, pixels, *after), plain)
    assert same(plain + JUNK, plain)


def test_what_a_gif_says_beside_its_pixels(shown: Image.Image) -> None:
    plain = encoded(shown.quantize(16), "GIF")
    at = 13 + (3 << (plain[10] & 7) + 1)
    comment = b"\x21\xfe" + (b"\xff" + bytes(255)) * 50_000 + b"\0"
    assert same(plain[:at] + comment + plain[at:] + JUNK, plain)


def test_what_a_tiff_says_beside_its_pixels(shown: Image.Image) -> None:
    plain = encoded(shown, "TIFF")
    said = {270: "x" * 3_000_000, 700: b"<x/>" * 500_000, 37_724: JUNK}
    for packing in ("raw", "tiff_lzw", "tiff_deflate"):
        assert same(encoded(shown, "TIFF", tiffinfo=said, compression=packing), plain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TiffImagePlugin, "STRIP_SIZE", 400)
        assert same(encoded(shown, "TIFF", compression="tiff_lzw"), plain)
    assert same(encoded(shown, "TIFF", big_tiff=True), plain)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_which_way_up_it_is_may_stand_in_xmp_alone(form: str, shown: Image.Image) -> None:
    packet = b'<x:xmpmeta><d tiff:Orientation="6"/></x:xmpmeta>'
    if form == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        data = encoded(shown, form, pnginfo=info)
    else:
        data = encoded(shown, form, xmp=packet)
    assert flatten(data).size == (90, 120)


@pytest.mark.parametrize("form", ["tEXt", "zTXt"])
def test_which_way_up_it_is_may_stand_in_hex(form: str, shown: Image.Image) -> None:
    block = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)
    text = b"\nexif\n      %d\n" % len(block) + block.hex().encode() + b"\n"
    packed = b"\0" + (b"\0" + zlib.compress(text) if form == "zTXt" else text)
    made = chunk(form.encode(), b"Raw profile type exif" + packed)
    assert flatten(with_png_chunks(encoded(shown, "PNG"), made)).size == (90, 120)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "GIF"])
def test_the_pixels_decide_whether_it_is_whole(form: str) -> None:
    noise = Image.effect_noise((200, 150), 90)
    data = encoded(noise, form)
    for kept in (0.3, 0.6, 0.95):
        cut = data[: int(len(data) * kept)]
        assert refused(cut) == limits.DAMAGED


def test_nothing_of_pillow_is_changed() -> None:
    program = """
from PIL import Image, ImageFile, PngImagePlugin
Image.init()
def seen():
    return (ImageFile.LOAD_TRUNCATED_IMAGES, PngImagePlugin.MAX_TEXT_MEMORY,
            PngImagePlugin.MAX_TEXT_CHUNK, Image.MAX_IMAGE_PIXELS, dict(Image.OPEN),
            dict(Image.SAVE), dict(Image.EXTENSION), list(Image.ID), dict(Image.MIME))
before = seen()
import vidu_demo.media.clip, vidu_demo.api.client, vidu_demo.media.pool
from vidu_demo.api.images import prepare
import sys
from pathlib import Path
assert prepare(Path(sys.argv[1])).width == 64
assert seen() == before
"""
    heic = io.BytesIO()
    Image.new("RGB", (64, 48)).save(heic, "HEIF")
    run_with(program, heic.getvalue())


def run_with(program: str, data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo"
        path.write_bytes(data)
        command = [sys.executable, "-c", program, str(path)]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr


def test_importing_the_package_is_cheap() -> None:
    program = (
        "import sys, vidu_demo\n"
        "assert not {'PIL', 'pydantic', 'requests', 'av', 'numpy'} & set(sys.modules)\n"
        "import vidu_demo.media.worker\n"
        "assert not {'pydantic', 'requests', 'av', 'numpy', 'pillow_heif'} & set(sys.modules)\n"
        "from vidu_demo import ViduClient, VideoRequest\n"
        "assert 'gradio' not in sys.modules\n"
        "assert vidu_demo.api.errors.ViduError is vidu_demo.ViduError\n"
        "assert 'ViduClient' in dir(vidu_demo)\n"
        "assert not hasattr(vidu_demo, 'nothing')\n"
    )
    run_with(program, b"")


# Raw files of cameras


def preview(**tags: Any) -> bytes:
    return encoded(Image.new("RGB", (160, 120), "navy"), "TIFF", **tags)


RAWS: dict[str, Callable[[], bytes]] = {
    "a preview with more behind": lambda: preview() + b"\x55" * 3_000_000,
    "a large preview": lambda: (
        encoded(Image.new("RGB", (1616, 1080)), "TIFF") + b"\x55" * 20_000_000
    ),
    "a packed preview": lambda: preview(compression="jpeg") + b"\x55" * 3_000_000,
    "Fujifilm": lambda: b"FUJIFILMCCD-RAW 0201" + bytes(999),
    "Panasonic": lambda: b"IIU\0" + bytes(999),
    "Olympus": lambda: b"IIRO" + bytes(999),
    "Canon of old": lambda: b"II\x1a\0\0\0HEAPCCDR" + bytes(999),
    "Phase One": lambda: b"II*\0\x10\0\0\0IIII" + bytes(999),
    "Canon": lambda: b"II*\0\x10\0\0\0CR\2\0" + bytes(999),
    "Canon since 2018": lambda: box(b"ftyp", b"crx ", bytes(4), b"crx isom") + bytes(999),
    "DNG": lambda: preview(tiffinfo={50706: b"\1\4\0\0"}),
    "a sensor's colours": lambda: tiff({256: long(9), 257: long(9), 262: long(32_803)}, bytes(99)),
    "Nikon's packing": lambda: tiff({256: long(9), 257: long(9), 259: long(34_713)}, bytes(99)),
    "a sensor below a preview": lambda: tiff(
        {254: long(1), 256: long(9), 257: long(9), 330: long(74)},
        bytes(12),
        struct.pack("<H", 1) + struct.pack("<HHII", 262, 4, 1, 32_803) + bytes(4),
    ),
}


@pytest.mark.parametrize("which", RAWS)
@pytest.mark.parametrize("name", ["photo.nef", "photo.tiff", "photo"])
def test_a_raw_file_is_refused_and_jpeg_named(which: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(RAWS[which]())
    assert kind(path) is FileKind.RAW
    with pytest.raises(PictureInvalid, match=r"RAW file\. Export it as JPEG"):
        prepare(path)


def test_a_raw_file_above_the_limit_is_called_so_too(tmp_path: Path) -> None:
    path = tmp_path / "photo.nef"
    path.write_bytes(preview() + bytes(51_000_000))
    assert refused_path(path) == limits.RAW


def refused_path(path: Path) -> str:
    with pytest.raises(PictureInvalid) as caught:
        prepare(path)
    return caught.value.what


def test_honest_tiffs_stay_readable(shown: Image.Image) -> None:
    small = encoded(shown.resize((12, 9)), "TIFF")
    assert prepare(small).width == 12
    assert prepare(small + bytes(1_000)).width == 12
    pages = encoded(shown, "TIFF", save_all=True, append_images=[shown.resize((999, 999))])
    assert prepare(pages).width == 120
    large = Image.effect_noise((900, 600), 90)
    with_preview = encoded(shown.convert("L"), "TIFF", save_all=True, append_images=[large])
    assert prepare(with_preview).width == 120


def test_behind_a_preview_that_says_so_is_the_picture(shown: Image.Image) -> None:
    """As scanners write it: the first directory calls itself a smaller version."""
    small, large = shown.resize((12, 9)).convert("L"), shown.convert("L")
    first = {254: long(1), 256: long(12), 257: long(9), 258: long(8), 262: long(1), 277: long(1)}
    second = {256: long(120), 257: long(90), 258: long(8), 262: long(1), 277: long(1)}
    begin = 8 + 2 + 12 * 9 + 4
    behind = begin + 2 + 12 * 8 + 4
    first |= {273: long(behind), 278: long(9), 279: long(108)}
    second |= {273: long(behind + 108), 278: long(90), 279: long(10_800)}
    head, tail = tiff(first), tiff(second)[8:]
    data = head[:-4] + struct.pack("<I", begin) + tail + small.tobytes() + large.tobytes()
    assert len(head) == begin
    assert flatten(data).convert("L").tobytes() == large.tobytes()


# What a file is


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP"])
def test_a_picture_is_known_by_its_content_and_shown_as_jpeg(
    form: str, tmp_path: Path, shown: Image.Image
) -> None:
    path = tmp_path / "photo.mp4"
    path.write_bytes(encoded(shown, form))
    assert kind(path) is kind(str(path)) is FileKind.PICTURE
    small = Image.open(io.BytesIO(thumbnail(path, 60)))
    assert (small.format, small.size) == ("JPEG", (60, 45))


def test_what_is_no_picture(tmp_path: Path, clip: bytes) -> None:
    path = tmp_path / "photo.jpg"
    assert kind(path) is kind(tmp_path) is kind("photo\0.jpg") is FileKind.NOTHING
    for data, what in (
        (clip, FileKind.VIDEO),
        (b"\x1a\x45\xdf\xa3" + bytes(99), FileKind.VIDEO),
        (b"", FileKind.NOTHING),
        (b"BM", FileKind.PICTURE),
        (b"%PDF-1.7", FileKind.NOTHING),
        (b"II*\0\xff\xff\xff\xff", FileKind.PICTURE),
    ):
        path.write_bytes(data)
        assert kind(path) is what


def test_an_avif_is_judged_by_its_stream_and_not_by_its_boxes() -> None:
    """Its header can claim a small picture, and a decoder still makes the large one."""
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(file, "AVIF")
    honest = file.getvalue()
    assert prepare(honest).width == 640
    place = honest.index(b"ispe") + 8
    large = 1 + limits.MAX_SIDE
    lying = bytearray(honest)
    stream = lying.index(b"\x12\0", lying.index(b"mdat")) + 2  # behind the temporal delimiter
    assert av1.frame_size(bytes(lying[stream - 2 :])) == (640, 480)
    lying[place : place + 8] = struct.pack(">II", 64, 64)
    bits = "0001" + "1" + "00000" + "1111" + "1111" + f"{large - 1:016b}" + f"{large - 1:016b}"
    header = int(bits.ljust(56, "0"), 2).to_bytes(7)
    lying[stream : stream + 9] = b"\x0a\x07" + header
    assert av1.frame_size(bytes(lying[stream - 2 :])) == (large, large)
    with pytest.raises(PictureInvalid, match="pixels"):
        judge(bytes(lying))


@given(st.binary(max_size=200))
def test_any_stream_has_a_size_or_none(data: bytes) -> None:
    with suppress(IndexError):
        av1.frame_size(data)
