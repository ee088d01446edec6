"""For all tests: no deadline per example, since machines are shared and slow now and then."""

from hypothesis import settings

settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
