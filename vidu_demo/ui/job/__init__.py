"""A job on the page: its status, its video, and what you can do with them.

It knows nothing of HTTP clients or SQL.
"""
