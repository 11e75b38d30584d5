"""What ordinary and hostile pictures cost to open: `python -m benchmarks.pictures`.

Each is prepared in a worker of its own, as the app does. The table says how long that took, by the
clock and by the processor, how much memory the worker had at most, and what came of it. On a busy
machine only the processor tells. Linux only.
"""

import io
import math
import os
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pillow_heif
from PIL import Image

from vidu_demo.api.errors import ViduError
from vidu_demo.api.images import MAX_FILE_BYTES, prepare
from vidu_demo.media.pool import WorkerPool

SECONDS, MEGABYTES, WARM = 5.0, 700, 1.3
"""Targets: for any picture, and for a phone photo as a multiple of Pillow's own time."""
LARGE = (10_880, 8_160)
PHONE = (4032, 3024)
RUNS = 5
FAST = {"preset": "ultrafast"}

Make = Callable[[Path], object]


def photo(width: int, height: int) -> Image.Image:
    """Make a picture with the detail and grain of a photo."""
    random = np.random.default_rng(1)
    coarse = random.integers(0, 255, (height // 64 + 2, width // 64 + 2, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    tile = random.integers(0, 12, (512, 512, 3), dtype=np.uint8)
    for top in range(0, height, 512):
        for left in range(0, width, 512):
            box = (left, top, min(left + 512, width), min(top + 512, height))
            part = np.asarray(smooth.crop(box)).astype(np.uint16)
            part += tile[: part.shape[0], : part.shape[1]]
            smooth.paste(Image.fromarray(np.minimum(part, 255).astype(np.uint8)), box[:2])
    return smooth


def honest() -> Iterator[tuple[str, Make]]:
    """List ordinary pictures, up to the limits."""
    phone, half, large = photo(*PHONE), photo(8064, 6048), photo(*LARGE)
    yield "phone, 12 MP.jpg", lambda path: phone.save(path, quality=92)
    yield "phone, 12 MP, progressive.jpg", lambda p: phone.save(p, quality=92, progressive=True)
    yield "phone, 12 MP.heic", lambda path: phone.save(path, quality=60)
    yield "phone, 48 MP.heic", lambda path: half.save(path, quality=60, enc_params=FAST)
    yield "48 MP, progressive.jpg", lambda path: half.save(path, quality=80, progressive=True)
    yield "12 MP.webp", lambda path: phone.save(path, quality=80, method=0)
    yield "24 MP.webp", lambda path: photo(6000, 4000).save(path, quality=80, method=0)
    yield "24 MP.avif", lambda path: photo(6000, 4000).save(path, quality=60, speed=10)
    yield "12 MP.png", lambda path: phone.save(path, compress_level=1)
    yield "12 MP, transparent.png", lambda p: with_alpha(phone).save(p, compress_level=1)
    yield "12 MP.tiff", phone.save
    yield "12 MP, deflated.tiff", lambda path: phone.save(path, compression="tiff_deflate")
    yield "12 MP.bmp", phone.save
    yield "89 MP.jpg", lambda path: large.save(path, quality=85)
    yield "89 MP.png", lambda path: large.quantize(256, method=2).save(path)
    yield "89 MP, turned.jpg", lambda path: large.save(path, quality=75, exif=turned())


def hostile() -> Iterator[tuple[str, Make]]:
    """List pictures that cost as much as the limits allow, or more than they should."""
    red = Image.new("RGB", LARGE, "red")
    yield "89 MP of red.png", red.save
    yield "89 MP of red.webp", lambda path: red.save(path, quality=50, method=0)
    yield "89 MP, transparent.png", lambda path: with_alpha(red).save(path)
    yield "89 MP, 16 bits.png", lambda path: Image.new("I;16", LARGE, 900).save(path)
    yield "89 MP, interlaced.png", lambda path: path.write_bytes(interlaced(9_430))
    yield "89 MP.gif", lambda path: Image.new("P", LARGE).save(path)
    yield "89 MP, one strip.tiff", lambda path: one_strip(red, path)
    yield "89 MP, many colours.jpg", lambda path: Image.new("CMYK", LARGE).save(path)
    yield "80 bytes, 89 MP.png", lambda path: path.write_bytes(png(4, 22_250_000, b"\0\0" * 1000))
    yield "9000 scans.jpg", lambda path: path.write_bytes(scans(4000, 9000))
    yield "as many scans as pass.jpg", lambda path: path.write_bytes(scans(4000, 80))
    yield "50 MB of scans.jpg", lambda path: path.write_bytes(scans(64, 300_000))
    yield "50 MB of text.png", lambda p: p.write_bytes(png(64, 64, None, (b"tEXt", b"k\0" * 24**5)))
    yield "a million texts.png", lambda p: p.write_bytes(png(9, 9, None, *[(b"tEXt", b"")] * 10**6))
    yield "50 MB of comments.gif", lambda path: path.write_bytes(commented_gif(190_000))
    yield "50 MB of noise.png", noise_png
    yield "3 MB, run-length.bmp", lambda path: path.write_bytes(run_length_bmp(1_400_000))
    yield "65,535 tags.tiff", lambda path: path.write_bytes(tags_of_tiff(65_535))
    yield "camera raw.nef", lambda path: path.write_bytes(preview() + b"\x55" * 3_000_000)


def with_alpha(image: Image.Image) -> Image.Image:
    """Make a picture half transparent."""
    image = image.convert("RGBA")
    image.putalpha(128)
    return image


def turned() -> Image.Exif:
    """Mark a picture as lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def chunk(kind: bytes, body: bytes) -> bytes:
    """Write a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, rows: bytes | None, *before: tuple[bytes, bytes]) -> bytes:
    """Write a PNG with one bit per pixel, with rows missing or all white."""
    whole = b"\0" + b"\xff" * ((width + 7) // 8)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(whole * height if rows is None else rows)
    chunks = [(b"IHDR", head), *before, (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def interlaced(side: int) -> bytes:
    """Write a square interlaced PNG, all black."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 1)
    steps = ((8, 8, 0, 0), (8, 8, 4, 0), (4, 8, 0, 4), (4, 4, 2, 0), (2, 4, 0, 2), (2, 2, 1, 0))
    deflate, body = zlib.compressobj(1), b""
    for across, down, left, top in (*steps, (1, 2, 0, 1)):
        row = bytes(1 + 3 * -((left - side) // across))
        body += b"".join(deflate.compress(row) for _ in range(-((top - side) // down)))
    chunks = [(b"IHDR", head), (b"IDAT", body + deflate.flush()), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def scans(side: int, times: int) -> bytes:
    """Write a JPEG that repeats its last scan."""
    file = io.BytesIO()
    Image.new("L", (side, side), 128).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    return (data[:-2] + data[last:-2] * times)[: MAX_FILE_BYTES - 2] + b"\xff\xd9"


def commented_gif(blocks: int) -> bytes:
    """Write a GIF with a long comment."""
    file = io.BytesIO()
    Image.new("P", (64, 64)).save(file, "GIF")
    data = file.getvalue()
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    return data[:at] + b"\x21\xfe" + (b"\xff" + b"x" * 255) * blocks + b"\0" + data[at:]


def noise_png(path: Path) -> None:
    """Write an incompressible PNG of nearly 50 MB."""
    side = 4070
    pixels = np.random.default_rng(2).integers(0, 255, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, compress_level=0)


def run_length_bmp(runs: int) -> bytes:
    """Write a BMP of runs of one pixel."""
    side = int(runs**0.5)
    rows = (b"\1\7" * side + b"\0\0") * side + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(rows), 0, 0, 256, 0)
    begin = 14 + len(head) + 1024
    return struct.pack("<2sIHHI", b"BM", begin + len(rows), 0, 0, begin) + head + bytes(1024) + rows


def one_strip(image: Image.Image, path: Path) -> None:
    """Write a compressed TIFF that must be unpacked all at once."""
    image.save(path, compression="tiff_deflate", tiffinfo={278: image.height})


def tags_of_tiff(number: int) -> bytes:
    """Write a TIFF each of whose tags holds the whole file."""
    entries = b"".join(struct.pack("<HHII", tag, 1, 40_000_000, 8) for tag in range(number))
    return b"II*\0" + struct.pack("<IH", 8, number) + entries + bytes(40_000_000)


def preview() -> bytes:
    """Write the small picture that a camera RAW file starts with."""
    file = io.BytesIO()
    Image.new("RGB", (160, 120), "navy").save(file, "TIFF")
    return file.getvalue()


def measured(path: Path) -> tuple[float, float, float, str]:
    """Prepare a picture in a worker of its own: twice seconds, megabytes, and what came of it."""
    pool = WorkerPool(workers=1)
    try:
        worker = pool.run(os.getpid)
        before, begin = pool.run(time.process_time), time.perf_counter()
        try:
            made = prepare(path, run=pool.run)
            said = f"{made.width} × {made.height}, {len(made.data) / 1e6:.1f} MB {made.mime[6:]}"
        except ViduError as error:
            said = error.what
        seconds = time.perf_counter() - begin
        alive = worker in pool.processes
        spent = pool.run(time.process_time) - before if alive else seconds
        return seconds, spent, peak(worker) if alive else math.inf, said
    finally:
        pool.close()


def peak(process: int) -> float:
    """Read a process's peak memory, in megabytes."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def against_pillow(path: Path) -> float:
    """Compare a warm worker with Pillow's own decoding and encoding, at their best of some runs."""

    def pillow() -> None:
        Image.open(path).convert("RGB").save(io.BytesIO(), "JPEG", quality=95, subsampling=0)

    def best(work: Callable[[], object]) -> float:
        times = []
        for _ in range(RUNS):
            begin = time.perf_counter()
            work()
            times.append(time.perf_counter() - begin)
        return min(times)

    pool = WorkerPool(workers=1)
    data = path.read_bytes()
    try:
        return best(lambda: prepare(data, run=pool.run)) / best(pillow)
    finally:
        pool.close()


def main() -> int:
    """Print the table; return 1 if a picture misses its target."""
    pillow_heif.register_heif_opener()
    beyond = 0
    print("| picture | file, MB | seconds | of CPU | worker, MB | what came of it |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    with TemporaryDirectory() as folder:
        for pictures in (honest(), hostile()):
            for name, make in pictures:
                path = Path(folder) / name
                make(path)
                size = path.stat().st_size / 1e6
                seconds, spent, megabytes, said = measured(path)
                beyond += spent > SECONDS or megabytes > MEGABYTES
                took = f"{seconds:.2f} | {spent:.2f} | {megabytes:.0f}"
                print(f"| {name} | {size:.1f} | {took} | {said} |", flush=True)
                if name.startswith("phone, 12 MP.jpg"):
                    ratio = against_pillow(path)
                    beyond += ratio > WARM
                    print(f"| the same, warm, by Pillow's own time | | {ratio:.2f} × | | | |")
                path.unlink()
    return min(1, beyond)


if __name__ == "__main__":
    sys.exit(main())
