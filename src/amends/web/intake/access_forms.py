"""Forms of a source's access."""

from django import forms

from amends.web.intake.models import TokenScope


class TokenForm(forms.Form):
    """A new token."""

    label = forms.CharField(
        max_length=80, help_text="Who or what will use it, so that one knows which to revoke."
    )
    scope = forms.ChoiceField(label="It may", choices=TokenScope.choices)
    days = forms.TypedChoiceField(
        label="It holds for",
        coerce=int,
        choices=[(30, "30 days"), (90, "90 days"), (365, "a year")],
        initial=90,
    )
    requests_per_minute = forms.IntegerField(
        label="Requests in a minute", min_value=1, max_value=60_000, initial=600
    )


class SecretForm(forms.Form):
    """The signing secret of a webhook."""

    secret = forms.CharField(
        label="The vendor's secret",
        max_length=200,
        required=False,
        strip=True,
        help_text="Where the vendor makes it. Left empty, a new one is made here.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
