"""Jobs: the durable list, who starts and follows them, when, and for how much a day.

It knows nothing of Gradio.
"""
