"""Cost of failure, and did the fix work."""
