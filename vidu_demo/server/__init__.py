"""What the app listens on, and by which names and proxies it is reached.

It knows nothing of the page or the jobs.
"""
