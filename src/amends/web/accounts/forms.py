"""Forms of accounts: they check what people typed; `actions.py` decides."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.datastructures import MultiValueDict

from amends.web.accounts.models import ROLES, Team, Theme, User


class LogInForm(forms.Form):
    """E-mail and password."""

    email = forms.EmailField(
        label="E-mail",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class NewPasswordForm(forms.Form):
    """A new password, twice."""

    password = forms.CharField(
        label="New password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. A sentence is easier to remember than symbols.",
    )
    again = forms.CharField(
        label="New password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, person: User, data: MultiValueDict[str, Any] | None = None) -> None:
        super().__init__(data)
        self.person = person

    def clean_password(self) -> str:
        """Apply the rules for passwords."""
        password = str(self.cleaned_data["password"])
        password_validation.validate_password(password, self.person)
        return password

    def clean(self) -> dict[str, Any]:
        """Both must be the same."""
        cleaned = super().clean() or {}
        if "password" in cleaned and cleaned.get("again") != cleaned["password"]:
            self.add_error("again", "The two passwords differ.")
        return cleaned


class ChangePasswordForm(NewPasswordForm):
    """The old password first."""

    current = forms.CharField(
        label="Current password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("current", "password", "again")

    def clean_current(self) -> str:
        """Only who knows it may change it."""
        current = str(self.cleaned_data["current"])
        if not self.person.check_password(current):
            raise forms.ValidationError("This is not your current password.")
        return current


class PersonForm(forms.Form):
    """Somebody's name, roles and teams."""

    name = forms.CharField(label="Name", max_length=120)
    roles = forms.MultipleChoiceField(
        label="Roles", choices=ROLES, widget=forms.CheckboxSelectMultiple
    )
    teams = forms.ModelMultipleChoiceField(
        label="Teams",
        queryset=Team.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class NewPersonForm(PersonForm):
    """The same, and the address they log in with."""

    email = forms.EmailField(label="E-mail")
    field_order = ("name", "email", "roles", "teams")


class TeamForm(forms.Form):
    """A team's name."""

    name = forms.CharField(label="Name", max_length=80)


class ThemeForm(forms.Form):
    """How pages look."""

    theme = forms.ChoiceField(label="Theme", choices=Theme.choices, widget=forms.RadioSelect)
