"""Every phase against data with known answers."""
