"""What a browser keeps and a tab sends: the visitor, receipts, links, the form."""
