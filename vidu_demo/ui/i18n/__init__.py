"""The page in English and Chinese.

It knows nothing of the page, jobs, HTTP clients or SQL.
"""
