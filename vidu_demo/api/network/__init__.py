"""One HTTP exchange or transfer at a time: which hosts can be reached, for how long, how much.

It knows nothing of tasks or videos.
"""
