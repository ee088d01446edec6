"""amends: find where service breaks, make it right, prove it, stop it from happening again."""

__version__ = "0.1.0"
