"""The form: pictures, prompt, settings, and the buttons that buy.

It knows nothing of HTTP clients, SQL or the list of jobs.
"""
