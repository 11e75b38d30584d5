"""Jobs: started by clicks, stored in a ledger, followed to the end, within a daily budget.

It knows nothing of Gradio.
"""
