"""Asking the worker to deliver: once this transaction commits, and once however often asked."""

from django.db import transaction


def deliver() -> None:
    """Have what is due sent as soon as this transaction has committed."""
    from amends.web.alerts.jobs import ask  # noqa: PLC0415 - jobs are made of what asks for them

    transaction.on_commit(ask)
