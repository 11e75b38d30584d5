"""Checks that an MP4 is complete and plays.

It knows nothing of HTTP, or of where a file comes from.
"""
