"""From a click to rows in the ledger: offers, accounts, the budget and double clicks.

It knows nothing of Gradio, HTTP or SQL.
"""
