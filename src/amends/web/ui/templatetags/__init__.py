"""Template filters; built in, so that templates need no load."""
