"""Benchmarks against peers and known answers, on data named on the command line."""
