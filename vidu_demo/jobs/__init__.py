"""Jobs: started by clicks, stored in a ledger, followed to the end, within the host's limits.

It knows nothing of Gradio.
"""
