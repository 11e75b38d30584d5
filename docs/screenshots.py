"""Takes the picture of the page that the README shows: `python -m docs.screenshots`.

It runs the app over the simulator, makes a video of an example, and photographs the page.
It needs Debian's Chromium, or the path of another one as the first argument.
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from vidu_demo.examples import FINISHED
from vidu_demo.settings import Settings
from vidu_demo.studio import Studio
from vidu_demo.ui.launch import launch
from vidu_demo.ui.page import build

DOCS = Path(__file__).resolve().parent
CHROMIUM = "/usr/bin/chromium"


def photograph(chromium: str, folder: Path) -> None:
    """Make a video on the page and save how the page looks then."""
    example = FINISHED.example
    studio = Studio(Settings(data_dir=folder / "data"), simulate=True)
    demo = build(studio.runner, simulated=True)
    _, url, _ = launch(demo, videos=studio.videos, prevent_thread_lock=True, quiet=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        page.locator("#price strong").wait_for()
        page.locator("#pictures input[type=file]").first.set_input_files(example.picture)
        page.locator("#prompt textarea").fill(example.settings["prompt"])
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
