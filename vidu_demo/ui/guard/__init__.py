"""Decides which requests reach Gradio, adds security headers to answers, and zips the page."""
