"""Who may use the page at all: a password, or a user name at Hugging Face.

It knows nothing of jobs or SQL.
"""
