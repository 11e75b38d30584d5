"""Checks picture files by their bytes, before any decoder sees them.

Except for `pixels`, it knows nothing of Pillow, or of where a file comes from.
"""
