"""The gate: a request reaches a view only as the view's mark allows. No mark, no entry."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from amends.web.accounts.access import PUBLIC, SIGNED_IN, TOKEN, Door, require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.ui.pages import is_fragment


class AccessMiddleware:
    """Applies the marks of `access.py`: public, signed_in, with_token(door), requires(verb)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on; `process_view` decides once the view is known."""
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        _args: list[Any],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Let the request through, send it to log in, or refuse it."""
        mark = view_access(view)
        if mark == PUBLIC:
            return None
        if mark == TOKEN:
            return _door_of(view)(request, kwargs)
        person = request.user
        if not isinstance(person, User):
            return _log_in_first(request)
        if mark != SIGNED_IN:
            require(person, Verb(mark))
        return None


def view_access(view: Callable[..., HttpResponseBase]) -> str:
    """Return the mark of a view.

    Raises
    ------
    ImproperlyConfigured
        It has none: a view must say who may call it.
    """
    mark = getattr(view, "access", None)
    if not isinstance(mark, str):
        name = f"{view.__module__}.{getattr(view, '__qualname__', view)}"
        raise ImproperlyConfigured(f"{name} needs @public, @signed_in or @requires(Verb.…).")
    return mark


def _door_of(view: Callable[..., HttpResponseBase]) -> Door:
    door: Door | None = getattr(view, "door", None)
    if door is None:
        raise ImproperlyConfigured(f"{view!r} is marked for tokens, but nothing checks them.")
    return door


def _log_in_first(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the log-in page; a fragment request has the whole page go there."""
    if request.headers.get("Accept") == "text/event-stream":
        return HttpResponse(status=401)
    if is_fragment(request):
        return HttpResponseClientRedirect(reverse("accounts:log_in"))
    return redirect_to_login(request.get_full_path())
