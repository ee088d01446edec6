"""The overview: everything at a glance, each number a door."""
