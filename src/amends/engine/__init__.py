"""The pure library: Arrow and numpy in, contracts out. No network, no clock, no global state."""
