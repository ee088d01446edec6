"""The app's entry in Django's registry."""

from django.apps import AppConfig


class TrackConfig(AppConfig):
    """Outcomes."""

    name = "amends.web.track"
    label = "track"
