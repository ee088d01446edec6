"""The app's entry in Django's registry."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """The audit trail."""

    name = "amends.web.audit"
    label = "audit"

    def ready(self) -> None:
        """Have every history table chained as soon as it is there."""
        from amends.web.audit.chain import chain_histories  # noqa: PLC0415  (models are loaded by now)

        post_migrate.connect(chain_histories, sender=self)
