"""What broke, where, since when, within a stated budget of false alarms."""
