"""Forms of rotas and channels: they check what people typed; `actions` decide."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.utils import timezone

from amends.web.accounts.models import Team, User
from amends.web.alerts.actions.rotas import Rung
from amends.web.alerts.models import ChannelKind, Rota, StepKind
from amends.web.alerts.outlets import EXAMPLES
from amends.web.alerts.queries import handlers

Data = Mapping[str, Any] | None
MOST_PEOPLE: Final = 8
MOST_STEPS: Final = 5
ORDINALS: Final = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth")
TIME: Final = {"type": "time"}


def time_field(label: str, *, required: bool = True, hint: str = "") -> forms.TimeField:
    """Return a field for a time of day."""
    widget = forms.TimeInput(attrs=TIME, format="%H:%M")
    return forms.TimeField(label=label, required=required, help_text=hint, widget=widget)


def moment_field(label: str) -> forms.DateTimeField:
    """Return a field for a day with its time, in the installation's zone."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget)


class RotaForm(forms.Form):
    """A rota with its people and steps."""

    name = forms.CharField(label="Name", max_length=80)
    team = forms.ModelChoiceField(
        label="Whose alerts",
        queryset=Team.objects.all(),
        required=False,
        empty_label="Everything without a team or a rota of its own",
    )
    time_zone = forms.CharField(label="Time zone", help_text="Such as Europe/Berlin")
    starts_on = forms.DateField(
        label="First handover",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="From that day on turns change every week, on its weekday.",
    )
    handover_at = time_field("Handover at")
    quiet_from = time_field("Quiet from", required=False)
    quiet_until = time_field(
        "Quiet until", required=False, hint="Between them only what is critical is sent."
    )
    rounds = forms.IntegerField(
        label="Rounds", min_value=1, max_value=5, help_text="How often all steps are gone through."
    )

    def __init__(self, data: Data = None, rota: Rota | None = None) -> None:
        super().__init__(data, initial=_initial(rota))
        people = handlers()
        for n in range(MOST_PEOPLE):
            self.fields[f"person_{n}"] = forms.ModelChoiceField(
                label=ORDINALS[n], queryset=people, required=False, empty_label="—"
            )
        for n in range(MOST_STEPS):
            label = f"{ORDINALS[n]} step"
            kinds = [("", "—"), *StepKind.choices]
            self.fields[f"kind_{n}"] = forms.ChoiceField(
                label=f"{label} tells", choices=kinds, required=False
            )
            self.fields[f"who_{n}"] = forms.ModelChoiceField(
                label=f"{label}: person", queryset=people, required=False, empty_label="—"
            )
            self.fields[f"wait_{n}"] = forms.IntegerField(
                label=f"{label} waits, minutes", min_value=1, max_value=10_080, required=False
            )

    def clean_time_zone(self) -> str:
        """Refuse what is no time zone."""
        name: str = self.cleaned_data["time_zone"]
        if name not in available_timezones():
            raise forms.ValidationError("This is no time zone. Write a name such as Europe/Berlin.")
        return name

    @property
    def people(self) -> list[forms.BoundField]:
        """Return the fields of turns."""
        return [self[f"person_{n}"] for n in range(MOST_PEOPLE)]

    @property
    def steps(self) -> list[tuple[forms.BoundField, ...]]:
        """Return the fields of each step: whom, which person, how long."""
        return [(self[f"kind_{n}"], self[f"who_{n}"], self[f"wait_{n}"]) for n in range(MOST_STEPS)]

    @property
    def plain(self) -> dict[str, Any]:
        """Return the rota's own fields."""
        names = (
            "name", "team", "time_zone", "starts_on", "handover_at", "quiet_from", "quiet_until",
            "rounds",
        )  # fmt: skip
        return {name: self.cleaned_data[name] for name in names}

    @property
    def chosen_people(self) -> list[User]:
        """Return who takes turns."""
        chosen = (self.cleaned_data.get(f"person_{n}") for n in range(MOST_PEOPLE))
        return [person for person in chosen if person]

    @property
    def chosen_steps(self) -> list[Rung]:
        """Return the steps that were filled in."""
        told = self.cleaned_data
        return [
            Rung(told[f"kind_{n}"], told.get(f"wait_{n}") or 15, told.get(f"who_{n}"))
            for n in range(MOST_STEPS)
            if told.get(f"kind_{n}")
        ]


class OverrideForm(forms.Form):
    """Somebody who stands in."""

    person = forms.ModelChoiceField(label="Who stands in", queryset=handlers())
    starts_at = moment_field("From")
    ends_at = moment_field("Until")
    because = forms.CharField(label="Why", max_length=200, required=False)

    def __init__(self, data: Data = None) -> None:
        now = timezone.localtime().replace(minute=0, second=0, microsecond=0)
        initial: dict[str, datetime] = {"starts_at": now, "ends_at": now + timedelta(days=1)}
        super().__init__(data, initial=initial)


class ChannelForm(forms.Form):
    """A channel; the address is entered, never shown."""

    name = forms.CharField(label="Name", max_length=80)
    kind = forms.ChoiceField(
        label="Kind", choices=[c for c in ChannelKind.choices if c[0] != ChannelKind.IN_APP]
    )
    address = forms.CharField(
        label="Address",
        max_length=1000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=False),
    )
    person = forms.ModelChoiceField(
        label="Whose", queryset=handlers(), required=False, empty_label="Everybody’s"
    )

    def __init__(self, data: Data = None, initial: Data = None, *, is_new: bool = True) -> None:
        super().__init__(data, initial=dict(initial or {}))
        if not is_new:
            del self.fields["kind"]
            self.fields["address"].help_text = "Leave it empty to keep the address there is."

    @property
    def examples(self) -> list[tuple[str, str]]:
        """Return kind → how an address of it looks."""
        return [(ChannelKind(kind).label, text) for kind, text in EXAMPLES.items()]


def _initial(rota: Rota | None) -> dict[str, Any]:
    if rota is None:
        return {
            "time_zone": timezone.get_default_timezone_name(),
            "starts_on": timezone.localdate(),
            "handover_at": "09:00",
            "quiet_from": "22:00",
            "quiet_until": "07:00",
            "rounds": 2,
            "kind_0": StepKind.OWNER,
            "wait_0": 15,
            "kind_1": StepKind.ON_CALL,
            "wait_1": 15,
            "kind_2": StepKind.NEXT,
            "wait_2": 30,
        }
    names = (
        "name", "team", "time_zone", "starts_on", "handover_at", "quiet_from", "quiet_until",
        "rounds",
    )  # fmt: skip
    known: dict[str, Any] = {name: getattr(rota, name) for name in names}
    known |= {f"person_{n}": p.person_id for n, p in enumerate(rota.people.all())}
    for n, step in enumerate(rota.steps.all()):
        known |= {
            f"kind_{n}": step.kind,
            f"who_{n}": step.person_id,
            f"wait_{n}": step.wait_minutes,
        }
    return known
