"""What the simulator renders: a video's frames, sound and overlay."""
