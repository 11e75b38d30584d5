"""What leaves the app: zips of takes, links to single videos, videos without their settings.

It knows nothing of HTTP clients or SQL.
"""
