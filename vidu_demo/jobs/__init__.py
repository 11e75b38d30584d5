"""Jobs: started by clicks, kept in a ledger, followed to their end, within a daily budget.

It knows nothing of Gradio.
"""
