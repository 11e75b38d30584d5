"""A job on the page: its status, its video, and what can be done with them."""
