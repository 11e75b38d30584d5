"""Finished clips and first frames, opened in worker processes where there are some.

It knows nothing of HTTP or Gradio.
"""
