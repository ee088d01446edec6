"""What broke: series under watch, breakdowns and who handles them."""
