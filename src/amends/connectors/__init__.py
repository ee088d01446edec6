"""Connectors: each maps its source's fields to Signal and nothing more.

One folder per source, which knows none of the others. These lists are all that know them. What
those that pull share lies in `pulling`.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from amends.engine.contracts import BadInput, Preset
from amends.engine.signals import same_name

from . import (
    amends,
    cfpb,
    delighted,
    freshdesk,
    intercom,
    medallia,
    qualtrics,
    salesforce,
    zendesk,
)
from .delighted import pull as delighted_pull
from .delighted import webhook as delighted_webhook
from .folder import pull as folder_pull
from .freshdesk import pull as freshdesk_pull
from .freshdesk import webhook as freshdesk_webhook
from .generic import webhook as generic_webhook
from .hooking import Webhook
from .intercom import pull as intercom_pull
from .intercom import webhook as intercom_webhook
from .mailbox import pull as mailbox_pull
from .medallia import pull as medallia_pull
from .medallia import webhook as medallia_webhook
from .pulling import Pull
from .qualtrics import pull as qualtrics_pull
from .qualtrics import webhook as qualtrics_webhook
from .salesforce import pull as salesforce_pull
from .sql import pull as sql_pull
from .zendesk import pull as zendesk_pull
from .zendesk import webhook as zendesk_webhook

_PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            amends.PRESET,
            cfpb.PRESET,
            delighted.PRESET,
            freshdesk.PRESET,
            freshdesk.RATINGS,
            intercom.PRESET,
            medallia.PRESET,
            qualtrics.PRESET,
            salesforce.PRESET,
            zendesk.PRESET,
            zendesk.CSAT,
        )
    }
)

_PULLS: Final[Mapping[str, Pull]] = MappingProxyType(
    {
        pull.name: pull
        for pull in (
            zendesk_pull.PULL,
            intercom_pull.PULL,
            freshdesk_pull.PULL,
            salesforce_pull.PULL,
            qualtrics_pull.PULL,
            delighted_pull.PULL,
            medallia_pull.PULL,
            sql_pull.PULL,
            folder_pull.PULL,
            mailbox_pull.PULL,
        )
    }
)


def pulls() -> Mapping[str, Pull]:
    """Return every connector that pulls by name."""
    return _PULLS


def pull_named(name: str) -> Pull:
    """Return a connector that pulls by name.

    Raises
    ------
    BadInput
        There is none of that name.

    """
    if name not in _PULLS:
        raise BadInput(
            f"There is no connector {name!r} that pulls.",
            remedy=f"There are: {', '.join(_PULLS)}.",
        )
    return _PULLS[name]


_WEBHOOKS: Final[Mapping[str, Webhook]] = MappingProxyType(
    {
        webhook.name: webhook
        for webhook in (
            zendesk_webhook.WEBHOOK,
            intercom_webhook.WEBHOOK,
            freshdesk_webhook.WEBHOOK,
            qualtrics_webhook.WEBHOOK,
            delighted_webhook.WEBHOOK,
            medallia_webhook.WEBHOOK,
        )
    }
)


def webhook_of(name: str) -> Webhook:
    """Return how a connector delivers by webhook; those of no vendor are the generic one."""
    return _WEBHOOKS.get(name, generic_webhook.WEBHOOK)


def presets() -> Mapping[str, Preset]:
    """Return every preset by name."""
    return _PRESETS


def preset_named(name: str) -> Preset:
    """Return a preset by name.

    Raises
    ------
    BadInput
        There is none of that name.

    """
    if name not in _PRESETS:
        raise BadInput(
            f"There is no preset {name!r}.",
            where="--preset",
            remedy=f"The presets are: {', '.join(_PRESETS)}; or leave it out.",
        )
    return _PRESETS[name]


def preset_for(wanted: str, columns: Iterable[str]) -> Preset | None:
    """Return the preset that was asked for: "auto" finds it by the columns, "none" is none.

    Raises
    ------
    BadInput
        There is none of that name.

    """
    if wanted == "none":
        return None
    return detect_preset(columns) if wanted == "auto" else preset_named(wanted)


def detect_preset(columns: Iterable[str]) -> Preset | None:
    """Return the preset whose fingerprint all stands among the columns; the most telling one."""
    names = {same_name(column) for column in columns}
    fitting = [
        preset
        for preset in _PRESETS.values()
        if {same_name(column) for column in preset.fingerprint} <= names
    ]
    known = {p.name: sum(same_name(f.column) in names for f in p.fields) for p in fitting}
    return max(fitting, key=lambda preset: known[preset.name], default=None)
