"""The app's entry in Django's registry."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases."""

    name = "amends.web.cases"
    label = "cases"
