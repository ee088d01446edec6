"""The app's entry in Django's registry."""

from django.apps import AppConfig


class RecommendConfig(AppConfig):
    """Recommendations."""

    name = "amends.web.recommend"
    label = "recommend"
