"""Speed is measured here, as ratios against a named alternative in one run."""
