"""The `amends` command: arguments in, progress and errors out. `amends.flows` does the work."""
