"""The app's entry in Django's registry."""

from django.apps import AppConfig


class PreventConfig(AppConfig):
    """Fixes."""

    name = "amends.web.prevent"
    label = "prevent"
