"""Picture files judged by their own bytes, before any decoder sees them.

It knows nothing of Pillow, but for `pixels`, or of where a file comes from.
"""
