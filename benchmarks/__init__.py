"""Benchmarks. They yield ratios of alternating rounds within one run: other figures cannot be compared."""
