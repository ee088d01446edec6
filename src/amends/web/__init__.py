"""The running system: Django pages on the flows, accounts, jobs and settings.

`project` knows every app; `accounts` knows people and what they may do; `ui` is how pages look.
"""
