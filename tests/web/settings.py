"""The project's settings, quick for tests: cheap passwords, static files straight from source."""

from amends.web.project.settings import *  # noqa: F403  (the same settings)
from amends.web.project.settings import MIDDLEWARE, STORAGES

LIVE = False  # an endless stream would keep the test server from ending
MIDDLEWARE = [name for name in MIDDLEWARE if "servestatic" not in name]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
