"""The project as an app: it has checks and templates of its own."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """See the package's docstring."""

    name = "amends.web.project"
    label = "project"
