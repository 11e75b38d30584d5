"""The paintings among the examples, one a file."""
