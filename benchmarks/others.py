"""Gradio apps that this one is compared with: `python -m benchmarks.others empty`."""

import argparse
import os
import time
from collections.abc import Iterator

import gradio as gr

PICTURE = "https://example.com/picture.jpg"


def plain() -> gr.Blocks:
    """Make a straightforward app: one sync generator, `time.sleep`, the defaults."""
    import requests

    base, headers = os.environ["NOVITA_BASE_URL"], {"Authorization": "Bearer simulated"}

    def generate(prompt: str) -> Iterator[str]:
        body = {"images": [PICTURE], "prompt": prompt, "duration": 5}
        answer = requests.post(
            f"{base}/v3/async/vidu-q2-pro-img2video", json=body, headers=headers, timeout=60
        )
        task_id = answer.json()["task_id"]
        while True:
            time.sleep(2)
            result = requests.get(
                f"{base}/v3/async/task-result",
                params={"task_id": task_id},
                headers=headers,
                timeout=60,
            ).json()
            yield result["task"]["status"]
            if result["task"]["status"] == "TASK_STATUS_SUCCEED":
                return

    with gr.Blocks() as demo:
        prompt, status = gr.Textbox(), gr.Textbox()
        gr.Button().click(generate, prompt, status)
    return demo


def empty() -> gr.Blocks:
    """Make an app that shows a heading and does nothing."""
    with gr.Blocks(analytics_enabled=False) as demo:
        gr.HTML("<h1>Empty</h1>")
    return demo


APPS = {"plain": plain, "empty": empty}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app", choices=APPS)
    parser.add_argument("--port", type=int)
    arguments = parser.parse_args()
    APPS[arguments.app]().launch(server_port=arguments.port, quiet=True)
