"""Pages for what went wrong: what happened, and what to do next.

A fragment request gets a fragment, because htmx puts the answer of an error into the page too. No
error page uses the database, the session or a context processor: any may be what broke.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template import loader

from amends.web.ui.pages import is_fragment


@dataclass(frozen=True, slots=True)
class Problem:
    """What the page says."""

    code: int
    title: str
    what: str
    remedy: str
    icon: str = "circle-alert"


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  (Django names it)
    """Answer 404; also to somebody who may not know that the thing exists."""
    problem = Problem(
        404,
        "There is nothing here",
        "The address is wrong, what it named is gone, or it belongs to a team that you are not in.",
        "Go back, or start from the home page. If a colleague sent you the link, ask them.",
        icon="map-pin-off",
    )
    return _answer(request, problem)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403, with the permission that is missing."""
    problem = Problem(
        403,
        "You may not do this",
        str(exception or "Your roles do not allow this."),
        "If it is part of your work, ask an administrator for the role.",
        icon="lock",
    )
    return _answer(request, problem)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Answer a form whose token is missing or old."""
    problem = Problem(
        403,
        "This page is out of date",
        "It was opened before you logged in or out, or cookies are blocked, so nothing was saved.",
        "Reload the page and try again.",
        icon="refresh-cw",
    )
    return _answer(request, problem)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  (Django names it)
    """Answer 400."""
    problem = Problem(
        400,
        "The request was not understood",
        "Something between your browser and amends changed it, or this host name is not expected.",
        "Use the address that your administrator gave you; they set it as AMENDS_URL.",
    )
    return _answer(request, problem)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    problem = Problem(
        500,
        "Something broke on our side",
        "Nothing that you entered was half saved: a change is made as a whole or not at all.",
        "Try again in a minute. If it stays, tell an administrator the time and this address; the "
        "log has the details, and `amends doctor` looks for causes.",
        icon="server-crash",
    )
    return _answer(request, problem)


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    name = "ui/problem.html#body" if is_fragment(request) else "ui/problem.html"
    text = loader.get_template(name).render({"problem": problem})
    return HttpResponse(text, status=problem.code)
