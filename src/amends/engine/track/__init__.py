"""Metrics with denominators and intervals; effects with what speaks against them."""
