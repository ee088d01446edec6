"""What is changed upstream, and whether it worked."""
