"""The app's entry in Django's registry."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports."""

    name = "amends.web.reports"
    label = "reports"
