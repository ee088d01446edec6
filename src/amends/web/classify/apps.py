"""The app's entry in Django's registry."""

from django.apps import AppConfig


class ClassifyConfig(AppConfig):
    """Causes."""

    name = "amends.web.classify"
    label = "classify"
