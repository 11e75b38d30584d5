"""Benchmarks, as ratios to a named alternative measured in the same run."""
