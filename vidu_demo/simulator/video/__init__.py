"""Renders the simulator's videos: frames, sound and overlay."""
