"""The app's entry in Django's registry."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Alerts."""

    name = "amends.web.alerts"
    label = "alerts"
