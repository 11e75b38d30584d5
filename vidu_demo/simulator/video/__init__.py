"""What the simulator renders: frames, sound and badge of a video, as its request asks."""
