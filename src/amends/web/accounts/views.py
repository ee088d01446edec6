"""Logging in and out, and one's own profile."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from amends.web.accounts import actions
from amends.web.accounts.access import public, signed_in
from amends.web.accounts.forms import ChangePasswordForm, LogInForm, NewPasswordForm, ThemeForm
from amends.web.accounts.log_in_limits import client_address, note_success, start_attempt
from amends.web.accounts.models import User
from amends.web.accounts.permissions import ALLOWS, Reach, Verb
from amends.web.accounts.queries import demo_people
from amends.web.accounts.welcome import welcomed
from amends.web.ui.pages import is_fragment, page

BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class LogInContext:
    """The log-in page."""

    form: LogInForm
    next: str
    wait_until: datetime | None
    """When the next try is allowed, after too many."""
    demo: list[User]
    """People to log in as with one click: in a demo only."""


@dataclass(frozen=True, slots=True)
class WelcomeContext:
    """Choosing a password with a link; `person` is None when the link is of no use."""

    person: User | None
    form: NewPasswordForm | None


@dataclass(frozen=True, slots=True)
class ProfileContext:
    """One's own profile."""

    password_form: ChangePasswordForm
    theme_form: ThemeForm
    permissions: list[tuple[str, str]]
    """What one may do, and to whose things."""


def current_person(request: HttpRequest) -> User:
    """Return who asks; only for views behind the gate."""
    if not isinstance(request.user, User):
        raise TypeError("This view needs @signed_in or @requires.")
    return request.user


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@public
def log_in(request: HttpRequest) -> HttpResponse:
    """Show the log-in page, or let somebody in who knows their password."""
    target = _safe_target(request)
    if request.user.is_authenticated:
        return redirect(target)
    form = LogInForm(request.POST or None)
    if not form.is_valid():
        return _log_in_page(request, form, target, status=200 if not request.POST else 422)
    email, address = form.cleaned_data["email"], _address(request)
    attempt = start_attempt(email, address)
    if isinstance(attempt, datetime):
        return _log_in_page(request, form, target, status=429, wait_until=attempt)
    person = authenticate(request, username=email, password=form.cleaned_data["password"])
    if person is None:
        form.add_error(None, "E-mail or password is wrong.")
        return _log_in_page(request, form, target, status=422)
    note_success(attempt)
    login(request, person)
    return redirect(target)


@require_POST
@public
def log_in_demo(request: HttpRequest) -> HttpResponse:
    """Log in as one of the demo's people, who have no password; only a demo has this door."""
    if not settings.DEMO:
        raise Http404
    person = demo_people().filter(email=request.POST.get("email", "")).first()
    if person is None:
        raise Http404
    login(request, person, backend=BACKEND)
    return redirect(_safe_target(request))


@require_POST
@public
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
@public
def welcome(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Let somebody with a welcome link choose a password and log them in."""
    person = welcomed(key, token)
    if person is None:
        return page(request, "accounts/welcome.html", WelcomeContext(None, None), status=404)
    form = NewPasswordForm(person, request.POST or None)
    if form.is_valid():
        actions.set_password(person, form.cleaned_data["password"])
        login(request, person, backend=BACKEND)
        return redirect("home")
    status = 422 if request.POST else 200
    return page(request, "accounts/welcome.html", WelcomeContext(person, form), status=status)


@require_http_methods(["GET", "HEAD"])
@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    """Show who one is here, and what one may do."""
    return _profile_page(request, ChangePasswordForm(current_person(request)))


@require_POST
@signed_in
def theme(request: HttpRequest) -> HttpResponse:
    """Remember how pages should look."""
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    actions.set_theme(current_person(request), form.cleaned_data["theme"])
    if is_fragment(request):
        return HttpResponse(status=204)
    return redirect(_safe_target(request, default=reverse("accounts:profile")))


@sensitive_post_parameters("current", "password", "again")
@require_POST
@signed_in
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password."""
    person = current_person(request)
    form = ChangePasswordForm(person, request.POST)
    if not form.is_valid():
        return _profile_page(request, form, status=422)
    actions.set_password(person, form.cleaned_data["password"])
    update_session_auth_hash(request, person)
    messages.success(request, "Your password is changed. Other devices are logged out.")
    return redirect("accounts:profile")


def _profile_page(
    request: HttpRequest, form: ChangePasswordForm, *, status: int = 200
) -> HttpResponse:
    person = current_person(request)
    reaches = {Reach.OWN: "your own", Reach.TEAM: "your teams’", Reach.ALL: "all"}
    permissions = [(ALLOWS[verb], reaches[person.reach(verb)]) for verb in Verb if person.may(verb)]
    context = ProfileContext(form, ThemeForm(initial={"theme": person.theme}), permissions)
    return page(request, "accounts/profile.html", context, status=status)


def _log_in_page(
    request: HttpRequest,
    form: LogInForm,
    target: str,
    *,
    status: int,
    wait_until: datetime | None = None,
) -> HttpResponse:
    demo = list(demo_people()) if settings.DEMO else []
    context = LogInContext(form, target, wait_until, demo)
    return page(request, "accounts/log_in.html", context, status=status)


def _safe_target(request: HttpRequest, default: str = "/") -> str:
    """Return where to go next; never to another site."""
    target = request.POST.get("next") or request.GET.get("next") or default
    hosts = {request.get_host()}
    is_safe = url_has_allowed_host_and_scheme(target, hosts, require_https=request.is_secure())
    return target if is_safe else default


def _address(request: HttpRequest) -> str:
    return client_address(request, trust_proxy=settings.TRUST_PROXY)
