"""Finished clips and first frames, opened in worker processes if there are any.

It knows nothing of HTTP or Gradio.
"""
