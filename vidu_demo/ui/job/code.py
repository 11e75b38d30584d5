"""The form as code in several languages, and as a link."""

from typing import Any

import gradio as gr

from vidu_demo.api.errors import RequestInvalid
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.text import joined
from vidu_demo.api.variations import EACH_PICTURE, Variations
from vidu_demo.snippets import ONCE, SNIPPETS, Loop
from vidu_demo.ui import Updates, templates
from vidu_demo.ui.browser import permalink
from vidu_demo.ui.i18n.words import I18N, Say

READS = (
    "It is complete: it reads the key from NOVITA_API_KEY and the pictures from its own folder, "
    "and sends them as they are."
)


def code_block(language: Any, **options: Any) -> gr.Code:
    """Make a block for code, hidden so that the page loads no editor."""
    return gr.Code(
        language=language,
        visible=False,
        interactive=False,
        show_label=False,
        buttons=["copy"],
        max_lines=24,
        **options,
    )


class Code:
    """A tab for each language."""

    def __init__(self) -> None:
        gr.Markdown(
            I18N(
                "The form as a program, which buys as many videos as the form, one after the "
                "other. A video that was made has its own under Request."
            )
        )
        gr.Markdown(I18N(READS))
        self.places = []
        with gr.Tabs():
            for snippet in SNIPPETS:
                with gr.Tab(snippet.label):
                    self.places.append(code_block(snippet.language))
        self.link = gr.HTML(js_on_load="vidu.link(element)", elem_id="link", padding=False)

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """What `review` gives values for."""
        return [*self.places, self.link]

    def review(self, request: VideoRequest, variations: Variations, say: Say) -> Updates:
        """Write the form as code and as a link's query.

        Args:
            request: The form, finished or not.
            variations: What differs between its videos.
            say: The visitor's words.
        """
        if variations.prompts and not request.prompt:
            request = request.model_copy(update={"prompt": variations.prompts[0]})
        loop = _loop(request, variations)
        written = (snippet.write(request, loop) for snippet in SNIPPETS)
        return {
            **dict(zip(self.places, written, strict=True)),
            self.link: templates.render(
                "link.html",
                query=permalink.write(request),
                left_out=say(joined(permalink.left_out(request))),
                say=say,
            ),
        }

    def listen(self, tab: gr.Tab) -> None:
        """Show the programs in the open tab."""
        reveal = f"vidu.revealing({len(self.places)})"
        tab.select(None, None, self.places, js=reveal)


def _loop(request: VideoRequest, variations: Variations) -> Loop:
    """Tell how the videos of a form differ."""
    try:
        changes = variations.changes(request)
    except RequestInvalid:
        return ONCE
    if variations.plain == EACH_PICTURE:
        return Loop("images") if len(changes) > 1 else ONCE
    if variations.each_picture or variations.varied:
        return Loop("", changes=tuple(_placed(change, request) for change in changes))
    seeds = tuple(change["seed"] for change in changes if change)
    if len(seeds) > 1:
        return Loop("seed", seeds)
    return Loop("", tuple(range(1, len(changes) + 1)))


def _placed(change: dict[str, Any], request: VideoRequest) -> dict[str, Any]:
    """Tell a picture by its place."""
    if "images" not in change:
        return change
    return {**change, "images": request.images.index(change["images"][0])}
