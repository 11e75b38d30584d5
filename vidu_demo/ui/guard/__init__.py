"""Decides which requests reach Gradio, and adds the security headers to answers."""
