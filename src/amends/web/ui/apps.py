"""The ui app."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """See the package's docstring."""

    name = "amends.web.ui"
    label = "ui"
