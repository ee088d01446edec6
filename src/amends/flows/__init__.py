"""Ordered runs, read top to bottom."""
