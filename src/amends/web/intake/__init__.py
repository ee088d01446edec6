"""What arrives: deliveries of signals, who they are about, and what could not be read."""
