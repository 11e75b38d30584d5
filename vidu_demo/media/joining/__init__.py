"""Joins videos to one MP4, in a process of its own.

It knows nothing of HTTP, Gradio, or the films of visitors.
"""
