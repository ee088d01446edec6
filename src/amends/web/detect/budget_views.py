"""The budget page and the past watched again under another budget."""

from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from amends.engine.contracts import SILENCE, Slice
from amends.flows.budget_study import BUDGETS, SHOWN_DAYS
from amends.flows.report import words
from amends.flows.watch import config_for
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.detect import actions, budgets, past_alarms
from amends.web.detect.budget_charts import curve_chart, tried_chart
from amends.web.detect.charts import counted
from amends.web.detect.course import course_of
from amends.web.detect.in_force import budget_in_force
from amends.web.detect.models import SEVERITIES, BudgetStudy, Series, slice_text
from amends.web.detect.telling import place
from amends.web.ui.pages import page
from amends.web.ui.parts import Chart, Event, Kpi


@dataclass(frozen=True, slots=True)
class BudgetContext:
    """The budget, what others would mean, and what came of it."""

    kpis: tuple[Kpi, ...]
    study: BudgetStudy | None
    outlook: budgets.Outlook | None
    chart: Chart | None
    last_step: int
    labels: tuple[str, ...]
    can_tune: bool
    severities: tuple[str, ...]
    teams: list[budgets.TeamRow]
    precisions: list[budgets.PrecisionRow]
    events: tuple[Event, ...]
    is_silent: bool
    problem: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class BacktestContext:
    """What one budget would have said of the last 90 days."""

    study: BudgetStudy | None
    outlook: budgets.Outlook | None
    steps: tuple[tuple[int, str], ...]
    kpis: tuple[Kpi, ...]
    alarms: list[past_alarms.AlarmRow]
    events: tuple[tuple[str, str], ...]
    series: Series | None
    where: str
    counted: str
    chart: Chart | None
    here: str


@require_safe
@requires(Verb.BREAKDOWN_READ)
def budget(request: HttpRequest) -> HttpResponse:
    """Show the budget; htmx gets what the one under the slider would mean."""
    context = _budget(request, _step(request.GET.get("step")))
    return page(request, "detect/budget.html", context, fragment="preview")


@require_POST
@requires(Verb.DETECTOR_TUNE)
def save(request: HttpRequest) -> HttpResponse:
    """State another budget, with the reason."""
    step, because = _step(request.POST.get("step")), request.POST.get("because", "")
    try:
        actions.set_budget(current_person(request), BUDGETS[step], because)
    except ValidationError as error:
        context = _budget(request, step, error.messages[0], because)
        return page(request, "detect/budget.html", context, fragment="body", status=422)
    return page(request, "detect/budget.html", _budget(request, step), fragment="body")


@require_safe
@requires(Verb.BREAKDOWN_READ)
def backtest(request: HttpRequest) -> HttpResponse:
    """Show the alarms that a budget would have raised, and one series with them marked."""
    now, study = timezone.now(), budgets.latest_study()
    step, in_force = _step(request.GET.get("step")), budgets.step_in_force()
    point = study.points[step] if study else None
    alarms = past_alarms.alarm_rows(study.points[step], study.made_at) if study else []
    series = _series(request.GET.get("series", ""), alarms)
    course = None
    if series is not None:
        settings = config_for(budgets.watched_series(), BUDGETS[step] or BUDGETS[1])
        since = now - timedelta(days=SHOWN_DAYS)
        course = course_of(series, since, now, place(series.key.slice), settings)
        if course is not None and not BUDGETS[step]:
            course.is_alarm[:] = [False] * len(course.is_alarm)
    context = BacktestContext(
        study=study,
        outlook=budgets.outlook(study, step, in_force) if study else None,
        steps=tuple((i, budgets.budget_label(b)) for i, b in enumerate(BUDGETS)),
        kpis=_backtest_kpis(point) if point else (),
        alarms=alarms,
        events=tuple(
            (event["name"], _found(event["delay_days"]))
            for event in (point or {}).get("events", ())
        ),
        series=series,
        where=place(series.key.slice) if series else "",
        counted=counted(course) if course else "",
        chart=tried_chart(course) if course else None,
        here=request.get_full_path(),
    )
    return page(request, "detect/backtest.html", context, fragment="course")


def _budget(request: HttpRequest, step: int, problem: str = "", because: str = "") -> BudgetContext:
    now, study, in_force = timezone.now(), budgets.latest_study(), budgets.step_in_force()
    return BudgetContext(
        kpis=_kpis(study, in_force),
        study=study,
        outlook=budgets.outlook(study, step, in_force) if study else None,
        chart=curve_chart(study, step, in_force) if study else None,
        last_step=len(BUDGETS) - 1,
        labels=tuple(budgets.budget_label(b) for b in BUDGETS),
        can_tune=bool(current_person(request).reach(Verb.DETECTOR_TUNE)),
        severities=tuple(label for _, label in SEVERITIES[::-1]),
        teams=budgets.team_rows(now),
        precisions=budgets.precision_rows(now),
        events=tuple(budgets.log()),
        is_silent=not budget_in_force(),
        problem=problem,
        because=because,
    )


def _kpis(study: BudgetStudy | None, in_force: int) -> tuple[Kpi, ...]:
    by = budgets.set_by()
    note = f"Stated by {by[0] or 'somebody who left'}, {words.day(by[1])}" if by else "As installed"
    found = [Kpi("False alarms granted", budgets.budget_label(budget_in_force()), note=note)]
    found.append(
        Kpi(
            "Series that share it", words.number(budgets.watched_series(), 0), note="watched by day"
        )
    )
    if study:
        point = study.points[in_force]
        days = f"{point['n_alarms']} in the last {SHOWN_DAYS} days, {study.n_series} series"
        found.append(Kpi("Alarms a week", words.number(point["alarms_per_week"], 1), note=days))
    return tuple(found)


def _backtest_kpis(point: dict[str, object]) -> tuple[Kpi, ...]:
    events = point["events"]
    assert isinstance(events, list)  # noqa: S101  (as it was kept)
    delays = sorted(e["delay_days"] for e in events if e["delay_days"] is not None)
    late = f"median {_found(delays[len(delays) // 2])}" if delays else "none judged real"
    return (
        Kpi(
            "Alarms in 90 days", str(point["n_alarms"]), note="those that begin together count once"
        ),
        Kpi(
            "False alarms",
            past_alarms.false_rate(point),
            note="match no breakdown judged real",
        ),
        Kpi("Known events found", f"{len(delays)} of {len(events)}", note=late),
    )


def _found(delay: float | None) -> str:
    if delay is None:
        return "missed"
    return f"known after {words.number(max(delay, 0.0), 1)} days"


def _step(asked: str | None) -> int:
    if asked and asked.isdecimal() and len(asked) < 4 and int(asked) < len(BUDGETS):
        return int(asked)
    return budgets.step_in_force()


def _series(asked: str, alarms: list[past_alarms.AlarmRow]) -> Series | None:
    watched = Series.objects.exclude(measure=SILENCE.name)
    if asked.isdecimal() and len(asked) < 18:
        found = watched.filter(pk=int(asked)).first()
        if found is not None:
            return found
    first = next((row.series for row in alarms if row.series), None)
    if first is not None:
        return watched.get(pk=first)
    return watched.filter(slice=slice_text(Slice())).order_by("pk").first()
