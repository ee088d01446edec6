"""What came of it: outcomes of cases, metrics and effects."""
