"""What Gradio's script is spared when the page is loaded."""

import json

import gradio as gr
from page_fixtures import App

from vidu_demo.ui import fresh


def test_a_new_page_is_not_told_that_what_is_hidden_is_hidden() -> None:
    with gr.Blocks():
        hidden, shown = gr.Button("a", visible=False), gr.Button("b")
    updates = {
        hidden: gr.update(visible=False, value="c"),
        shown: gr.update(visible=False),
    }
    assert fresh.changes(updates) == {
        hidden: {"__type__": "update", "value": "c"},
        shown: {"__type__": "update", "visible": False},
    }
    same = {hidden: gr.update(visible=True), shown: "d"}
    assert fresh.changes(same) == same


def test_the_welcome_hides_only_what_was_shown(app: App) -> None:
    components = {block["id"]: block["props"] for block in app.demo.config["components"]}
    (welcome,) = (each for each in app.demo.config["dependencies"] if each["api_name"] == "welcome")
    data = json.loads(app.call("welcome"))["data"]
    told = [
        (block, update)
        for block, update in zip(welcome["outputs"], data, strict=True)
        if isinstance(update, dict) and "visible" in update
    ]
    assert all(
        components[block].get("visible", True) != update["visible"] for block, update in told
    )


def test_the_state_of_calls_is_told_to_one_component(app: App) -> None:
    targets = {tuple(each["show_progress_on"]) for each in app.demo.config["dependencies"]}
    assert len(targets) == 1
    (target,) = targets
    assert len(target) == 1
