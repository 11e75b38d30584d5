"""Files from strangers: judged by their own bytes, then decoded in a process of their own.

`judge` and what is under it look at bytes alone and never decode a pixel. `pool` runs the functions
that do decode in worker processes, with limits on their time and memory.
"""
