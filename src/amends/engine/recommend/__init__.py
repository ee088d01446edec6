"""Policy tables, ranking and explanations: the right response within limits."""
