"""Decides which requests reach Gradio."""
