"""The address the app listens on, and the names and proxies it is reached by.

It knows nothing of the page or the jobs.
"""
