"""Renders the simulator's videos: frames, sound and overlay.

It knows nothing of the rest of the package.
"""
