"""The app's entry in Django's registry."""

from django.apps import AppConfig


class DetectConfig(AppConfig):
    """Breakdowns."""

    name = "amends.web.detect"
    label = "detect"
