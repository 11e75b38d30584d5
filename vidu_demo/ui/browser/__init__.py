"""What a browser stores and a tab sends: the visitor, receipts, links, the form."""
