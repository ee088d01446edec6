"""The app's entry in Django's registry."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Intake of signals."""

    name = "amends.web.intake"
    label = "intake"
