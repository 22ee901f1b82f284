"""Benchmarks: figures to look at, not tests. Each is a program: `python -m sim.bench.NAME --help`."""
