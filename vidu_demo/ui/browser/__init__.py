"""What a browser stores and a tab sends: the visitor, receipts, links, the form.

It knows nothing of HTTP clients or SQL.
"""
