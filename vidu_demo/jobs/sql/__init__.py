"""The SQL under the ledger: the database, its tables, the search and what was spent.

It knows nothing of Gradio or HTTP.
"""
