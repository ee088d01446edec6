"""One way to answer with a page: its context is a dataclass, a fragment is a part of the page."""

from dataclasses import fields
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django_htmx.http import trigger_client_event
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page, not the browser for a page, new or of its history."""
    htmx = HtmxDetails(request)
    return bool(htmx) and not htmx.history_restore_request


def page(
    request: HttpRequest,
    template: str,
    context: "DataclassInstance",
    *,
    fragment: str = "",
    status: int = 200,
) -> HttpResponse:
    """Answer with `template`, or to htmx with its partial `fragment`.

    The fields of `context` are the names that the template sees.
    """
    name = f"{template}#{fragment}" if fragment and is_fragment(request) else template
    values = {f.name: getattr(context, f.name) for f in fields(context)}
    return render(request, name, values, status=status)


def done(request: HttpRequest, url: str, *, changed: str = "") -> HttpResponse:
    """Answer a successful POST: go to `url`; htmx closes the drawer and refreshes `changed`."""
    if not is_fragment(request):
        return HttpResponseRedirect(url)
    response = trigger_client_event(HttpResponse(status=204), "close-drawer")
    return trigger_client_event(response, f"{changed}-changed") if changed else response
