"""Simulated companies with planted truth."""
