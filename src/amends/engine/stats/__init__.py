"""Shared maths: intervals, survival, sequential tests."""
