"""Decides which requests reach Gradio, adds security headers to answers, and zips the page.

It knows nothing of jobs, HTTP clients or SQL.
"""
