"""The project's settings, quick for tests: cheap passwords, static files straight from source."""

import os

from amends.web.project.settings import *  # noqa: F403  (the same settings)
from amends.web.project.settings import DATABASES, MIDDLEWARE, STORAGES

if "AMENDS_TESTS_DATABASE" in os.environ:  # a process that a test started, at that test's tables
    DATABASES["default"]["NAME"] = os.environ["AMENDS_TESTS_DATABASE"]
LIVE = False  # an endless stream would keep the test server from ending
MIDDLEWARE = [name for name in MIDDLEWARE if "servestatic" not in name]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
