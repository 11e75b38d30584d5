"""Takes the picture of the page that the README shows: `python -m docs.screenshots`.

It runs the app over the simulator, makes a video from a painted picture, and photographs the page.
It needs Debian's Chromium, or the path of another one as the first argument.
"""

import os
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import expect, sync_playwright

from vidu_demo.settings import Settings
from vidu_demo.studio import Studio
from vidu_demo.ui.launch import launch
from vidu_demo.ui.page import build

DOCS = Path(__file__).resolve().parent
CHROMIUM = "/usr/bin/chromium"
PROMPT = "The sun sinks behind the ridge, mist rises from the valley. Slow push-in."
WIDTH, HEIGHT = 1280, 720
SKY = [(38, 44, 92), (120, 84, 140), (238, 142, 104), (255, 208, 148)]
RIDGES = [(168, 110, 132), (112, 82, 122), (66, 58, 100), (30, 32, 62)]


def mix(first: tuple[int, ...], second: tuple[int, ...], share: float) -> tuple[int, ...]:
    """Mix two colours."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def paint() -> Image.Image:
    """Paint an evening in the mountains."""
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(picture)
    for y in range(HEIGHT):
        place = min(y / (HEIGHT * 0.72), 1.0) * (len(SKY) - 1)
        below = min(int(place), len(SKY) - 2)
        draw.line((0, y, WIDTH, y), fill=mix(SKY[below], SKY[below + 1], place - below))
    draw.ellipse((800, 270, 940, 410), fill=(255, 240, 206))
    picture = picture.filter(ImageFilter.GaussianBlur(3))
    random = Random(11)  # noqa: S311 - a painting, not a secret
    for number, colour in enumerate(RIDGES):
        layer = ImageDraw.Draw(picture)
        layer.polygon(
            [(0, HEIGHT), *ridge(random, 370 + 78 * number), (WIDTH, HEIGHT)], fill=colour
        )
    return picture


def ridge(random: Random, base: float) -> list[tuple[float, float]]:
    """Draw the line of a ridge by halving the distances between its points."""
    heights, rough = [base, base - 90, base - 20, base - 110, base], 52.0
    while len(heights) < 500:
        middles = [(a + b) / 2 + random.uniform(-rough, rough) for a, b in pairwise(heights)]
        heights = [
            *(height for pair in zip(heights, middles, strict=False) for height in pair),
            heights[-1],
        ]
        rough *= 0.5
    step = WIDTH / (len(heights) - 1)
    return [(number * step, height) for number, height in enumerate(heights)]


def photograph(chromium: str, folder: Path) -> None:
    """Make a video on the page and save how the page looks then."""
    painting = folder / "evening.png"
    paint().save(painting)
    studio = Studio(Settings(data_dir=folder / "data"), simulate=True)
    demo = build(studio.runner, simulated=True)
    _, url, _ = launch(demo, videos=studio.videos, prevent_thread_lock=True, quiet=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        page.locator("#price strong").wait_for()
        page.locator("#pictures input[type=file]").first.set_input_files(painting)
        page.locator("#prompt textarea").fill(PROMPT)
        page.get_by_role("button", name="Make the video", exact=True).click()
        expect(page.locator("#status").get_by_role("status")).to_contain_text(
            "Done in", timeout=120_000
        )
        page.locator("#video video").evaluate(
            """async video => {
                video.pause();
                video.currentTime = 2;
                while (video.seeking || video.readyState < 2)
                    await new Promise(resolve => setTimeout(resolve, 50));
            }"""
        )
        page.mouse.move(0, 0)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(500)
        page.screenshot(path=DOCS / "page.png")
        browser.close()
    demo.close(verbose=False)
    studio.close()


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["GRADIO_TEMP_DIR"] = str(Path(temporary) / "uploads")
        photograph(sys.argv[1] if len(sys.argv) > 1 else CHROMIUM, Path(temporary))
