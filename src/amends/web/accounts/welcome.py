"""Welcome links: one use, three days, to choose a first or a forgotten password."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from amends.web.accounts.models import User


def welcome_link(person: User) -> str:
    """Return the address that lets `person` choose a password; using it makes it useless."""
    key = urlsafe_base64_encode(force_bytes(person.pk))
    token = default_token_generator.make_token(person)
    return f"{settings.PUBLIC_URL}{reverse('accounts:welcome', args=[key, token])}"


def welcomed(key: str, token: str) -> User | None:
    """Return whose link this is, or None when it is used, old or forged."""
    try:
        pk = int(force_str(urlsafe_base64_decode(key)))
        person = User.objects.get(pk=pk, is_active=True)
    except (ValueError, OverflowError, User.DoesNotExist):
        return None
    return person if default_token_generator.check_token(person, token) else None
