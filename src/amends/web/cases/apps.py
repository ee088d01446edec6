"""The app's entry in Django's registry."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CasesConfig(AppConfig):
    """Cases."""

    name = "amends.web.cases"
    label = "cases"

    def ready(self) -> None:
        """Have rules shipped once there are tables for them."""
        from amends.web.cases.shipping import ship_rules  # noqa: PLC0415  (models are ready now)

        post_migrate.connect(ship_rules, sender=self)
