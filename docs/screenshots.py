"""Photographs the page in every state: `python -m docs.screenshots`; `--help` lists the options.

It runs the app over the simulator and walks through it as one visitor. All pictures go to a folder
whose path it prints; the few that the texts show go to `docs/`.
"""

import argparse
import io
import os
import re
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from vidu_demo.examples import EXAMPLES, Example
from vidu_demo.settings import Settings
from vidu_demo.studio import Studio
from vidu_demo.ui.launch import launch
from vidu_demo.ui.page import build

DOCS = Path(__file__).resolve().parent

LAPTOP, TABLET, PHONE = (1440, 900), (1024, 768), (390, 844)
"""Windows, in pixels."""
PARTS = {
    "first-visit": "Make",
    "filled": "Make",
    "too-long": "Make",
    "fault": "Make",
    "several": "Make",
    "history": "Videos",
    "searched": "Videos",
}
"""Which part of the page a phone shows in a state; the stage in all others."""

MADE = 120_000
"""Milliseconds that a few videos may take on a slow machine."""
STILL = "* { transition: none !important; animation: none !important }"
"""Otherwise a busy machine photographs colours on their way from dark to light."""

CHANGES = "**/changes/*"
"""Where the page asks for changes. Without an answer a state stays while it is photographed."""

CALLS = "**/gradio_api/run/**"
"""Where the page calls the app."""

STAND_STILL = """async video => {
    video.pause();
    video.currentTime = 0.8;
    while (video.seeking || video.readyState < 2)
        await new Promise(resolve => setTimeout(resolve, 50));
}"""

PROMPTS = (
    "Mist drifts over the lake.",
    "A heron lifts off the water.",
    "The oar dips without a sound. Static camera.",
    "The cat yawns and settles down.",
    "Its ears turn to a noise behind us. Slow push-in.",
    "Snow begins to fall on the rock.",
    "Waves break higher and higher. The camera rises.",
    "The beam goes out, and the stars come out.",
    "Steam curls over the cup.",
    "A spoon stirs the crema in slow circles.",
    "The paper boat turns in the current.",
    "The rain stops, and the puddle lies still. Slow pull-back.",
)
"""Of a long history, over the examples' pictures."""


class Walk:
    """A visit to the page, with a camera.

    Args:
        page: The page, just opened.
        folder: Where the pictures go.
        only: The states that are photographed; all if there are none.
    """

    def __init__(self, page: Page, folder: Path, only: Collection[str] = ()) -> None:
        self.page, self.folder, self.only = page, folder, only

    def go(self) -> None:
        """Go from the first visit to a long history."""
        page = self.page
        self.photograph("first-visit")

        self.choose(EXAMPLES[0])
        self.photograph("filled")

        page.get_by_role("button", name="Remove", exact=True).click()
        upload = page.locator("#pictures input[type=file]").first
        upload.set_input_files(
            {"name": "panorama.png", "mimeType": "image/png", "buffer": panorama()}
        )
        page.locator(".tile .unfit").wait_for()
        self.photograph("too-long")

        page.get_by_role("button", name="Crop it").click()
        page.locator(".tile .first").wait_for()
        files = [{"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}]
        files += [
            {"name": example.picture.name, "mimeType": "", "buffer": example.picture.read_bytes()}
            for example in EXAMPLES
        ]
        upload.set_input_files(files)
        expect(page.locator(".tile .strip li")).to_have_count(1 + len(EXAMPLES))
        self.photograph("several")

        page.route(CALLS, lambda route: route.fulfill(status=400))
        page.locator("#prompt textarea").fill("Mist drifts over the lake.")
        page.get_by_role("alert").locator("h2").wait_for()
        self.photograph("fault")
        page.unroute(CALLS)
        page.get_by_role("button", name="Remove all").click()
        page.locator(".tile .start").wait_for()

        self.make(EXAMPLES[0], EXAMPLES[0].settings["prompt"])
        page.locator("#status progress[value]").wait_for()
        page.route(CHANGES, lambda _: None)
        self.photograph("running")
        page.unroute(CHANGES)
        self.wait_for("Done in")
        self.photograph("done")

        self.choose(EXAMPLES[2])
        page.locator("#draft").click()
        self.wait_for("Draft done in")
        self.photograph("draft")

        self.make(EXAMPLES[1], "The cat looks up. [fail]")
        self.wait_for("No video was made")
        self.photograph("failed")

        for number, prompt in enumerate(PROMPTS):
            self.make(EXAMPLES[number * len(EXAMPLES) // len(PROMPTS)], prompt)
        self.make(EXAMPLES[0], EXAMPLES[0].settings["prompt"])
        self.wait_for("Done in")
        self.photograph("history")
        self.photograph_window("page", (1440, 1040))
        self.photograph_window("phone", PHONE)
        search = page.locator("#search").get_by_role("textbox")
        search.fill("slow")
        rows = page.locator("#history .card")
        expect(rows).to_have_count(6)
        self.photograph("searched")
        search.fill("")
        expect(rows).to_have_count(len(PROMPTS) + 4)

        page.get_by_role("button", name=re.compile("^Compare: ")).last.click()
        page.locator("#compare table").wait_for()
        self.photograph("compare")
        self.photograph_element("compare")
        page.locator("#compare .close").click()

        self.make(EXAMPLES[0], "Mist drifts over the lake.", takes=4)
        self.wait_for("Done in")
        self.photograph("wall")
        page.locator("#wall").get_by_role("button", name="Close").click()

        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("button", name="Start a film").click()
        page.locator("#film .film").wait_for()
        page.get_by_role("button", name="Continue from last frame").click()
        prompt = page.locator("#prompt textarea")
        expect(prompt).to_be_focused()
        prompt.fill("A heron lands on the boat.")
        page.locator("#takes").get_by_role("radio", name="1").check()
        page.locator("#make", has_text="Make").click()
        expect(page.locator("#film .reel li")).to_have_count(2)
        self.wait_for("Done in")
        self.photograph("film")
        self.photograph_element("film")

        page.get_by_role("button", name="Prompt ideas").click()
        page.get_by_role("tab", name="Code", exact=True).click()
        page.locator(".cm-line").first.wait_for()
        self.photograph("everything-open")

    def choose(self, example: Example) -> None:
        """Fill the form with an example."""
        remove = self.page.get_by_role("button", name="Remove", exact=True)
        if remove.is_visible():
            remove.click()
        self.page.locator(".examples").get_by_role("button", name=example.name).click()
        expect(remove).to_be_visible()  # the prompt may be the same as before
        expect(self.page.locator("#prompt textarea")).to_have_value(example.settings["prompt"])

    def make(self, example: Example, prompt: str, takes: int = 1) -> None:
        """Start short videos of an example's picture."""
        self.choose(example)
        self.page.get_by_role("spinbutton", name="Duration").fill("1")
        self.page.get_by_role("radio", name="540p").check()
        self.page.locator("#prompt textarea").fill(prompt)
        self.page.locator("#takes").get_by_role("radio", name=str(takes)).check()
        self.page.locator("#make", has_text=f"Make {takes}" if takes > 1 else "Make").click()
        expect(self.page.locator("#details .prompt")).to_have_text(prompt)

    def wait_for(self, headline: str) -> None:
        """Wait until every video has come to its end."""
        status = self.page.locator("#status").get_by_role("status")
        expect(status).to_contain_text(headline, timeout=MADE)
        expect(self.page.locator("#history")).not_to_contain_text("running", timeout=MADE)

    def photograph(self, state: str) -> None:
        """Take the whole page, or its part on a phone, in every window and colour scheme."""
        if not self._wants(state):
            return
        for width, height in (PHONE, TABLET, LAPTOP):
            self._resize(width, height)
            if (width, height) == PHONE:
                self._go_to(PARTS.get(state, "Watch"))
            # In a window of the page's height, what sticks to the window's foot covers nothing.
            whole = self.page.evaluate("document.documentElement.scrollHeight")
            self._resize(width, max(height, whole))
            self.page.evaluate("scrollTo(0, 0)")
            for scheme in ("dark", "light"):
                self._take(self.folder / f"{state}-{width}-{scheme}.png", scheme)
            self._resize(width, height)

    def _go_to(self, part: str) -> None:
        """Open a part of the page on a phone."""
        self.page.get_by_role("navigation").get_by_role("button", name=part).click()

    def photograph_window(self, name: str, window: tuple[int, int]) -> None:
        """Take what a window shows of the video, for the texts."""
        if not self._wants(name):
            return
        self._resize(*window)
        if window == PHONE:
            self._go_to("Watch")
        self.page.evaluate("scrollTo(0, 0)")
        self.page.locator("#video video").evaluate(STAND_STILL)
        self._take(DOCS / f"{name}.png", "light")
        shrink(DOCS / f"{name}.png")
        self._resize(*LAPTOP)

    def photograph_element(self, name: str) -> None:
        """Take a part of the page alone, for the texts."""
        if self._wants(name):
            self.page.locator(f"#{name}").screenshot(path=DOCS / f"{name}.png")
            shrink(DOCS / f"{name}.png")

    def _wants(self, name: str) -> bool:
        return not self.only or name in self.only

    def _resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def _take(self, path: Path, scheme: Literal["dark", "light"]) -> None:
        self.page.mouse.move(0, 0)
        self.page.emulate_media(color_scheme=scheme)
        dark = "document.body.classList.contains('dark')"
        self.page.wait_for_function(dark if scheme == "dark" else f"!{dark}")
        self.page.screenshot(path=path)


def shrink(path: Path) -> None:
    """Give a picture a palette, which makes its file a third as large."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(kmeans=2).save(path, optimize=True)


def panorama() -> bytes:
    """Cut a picture out that is too long for a video."""
    png = io.BytesIO()
    with Image.open(EXAMPLES[0].picture) as picture:
        middle = picture.height // 2
        picture.crop((0, middle, picture.width, middle + picture.width // 6)).save(png, "PNG")
    return png.getvalue()


def main() -> None:
    """Run the app, and walk through it in a browser."""
    parser = argparse.ArgumentParser(description="Photograph the page in every state.")
    parser.add_argument("folder", nargs="?", help="where the pictures go; by default a new one")
    parser.add_argument("--only", nargs="+", default=(), metavar="STATE", help="such as: wall film")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program")
    arguments = parser.parse_args()
    folder = Path(arguments.folder or tempfile.mkdtemp(prefix="vidu-gallery-"))
    print(folder)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        os.environ |= {"HF_HUB_OFFLINE": "1", "GRADIO_TEMP_DIR": f"{temporary}/uploads"}
        studio = Studio(Settings(data_dir=Path(temporary, "data")), simulate=True)
        demo = build(studio.runner)
        _, url, _ = launch(demo, videos=studio.videos, prevent_thread_lock=True, quiet=True)
        browser = playwright.chromium.launch(
            executable_path=arguments.chromium, args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.goto(url)
        page.locator("#price strong").wait_for()
        page.add_style_tag(content=STILL)
        Walk(page, folder, arguments.only).go()
        browser.close()
        demo.close(verbose=False)
        studio.close()


if __name__ == "__main__":
    main()
