"""The client library: requests, tasks, errors, pictures, prices, downloads.

It knows nothing of Gradio, SQL or the app.
"""
