"""The audit trail: every entry chained to the one before, read by auditors, proved by anybody."""
