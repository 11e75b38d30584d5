"""Films: their parts, their rows, and joining them in the background.

It knows nothing of Gradio or HTTP.
"""
