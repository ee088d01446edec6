"""The model card: which classifier is in force, how good it is known to be, and how to go back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from amends.flows.report import words
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.classify import actions
from amends.web.classify.card import Agreed, Bin, Drifted, agreed, drift_of
from amends.web.classify.in_force import VERSIONS_KEPT
from amends.web.classify.models import ClassifierChange, ClassifierVersion, Verdict
from amends.web.classify.queries import cause_label, taxonomy
from amends.web.classify.reviewing import agreement_of
from amends.web.ui.pages import done, page
from amends.web.ui.parts import Chart, Kpi

MOST_CHANGES: Final = 10
KINDS: Final[Mapping[str, str]] = {
    "learnt": "Learnt from labels",
    "described": "By the taxonomy's own words",
}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A classifier that there was."""

    version: ClassifierVersion
    mode: str
    accuracy: str
    macro_f1: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CauseRow:
    """How often people let a cause stand."""

    label: str
    url: str
    n: int
    share: float
    interval: str


@dataclass(frozen=True, slots=True)
class CardContext:
    """The model card."""

    kpis: tuple[Kpi, ...]
    current: VersionRow | None
    versions: tuple[VersionRow, ...]
    changes: tuple[ClassifierChange, ...]
    causes: tuple[CauseRow, ...]
    confused: tuple[tuple[str, str, int], ...]
    calibration: Chart | None
    error: float | None
    n_judged: int
    drift_url: str
    may_go_back: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DriftContext:
    """Whether what comes in has changed."""

    drifts: tuple[tuple[Drifted, str], ...]
    is_coming: bool
    here: str


@require_safe
@requires(Verb.CAUSE_READ)
def model(request: HttpRequest) -> HttpResponse:
    """Show what is known of the classifier in force."""
    return _answer(request)


@require_safe
@requires(Verb.CAUSE_READ)
def model_drift(request: HttpRequest) -> HttpResponse:
    """Show whether sources have drifted: a part of the card, worked out behind."""
    found = drift_of(timezone.now())
    told = tuple((one, cause_label(one.drift.moved_most)) for one in found or ())
    context = DriftContext(told, found is None, reverse("classify:model_drift"))
    return page(request, "classify/drift.html", context, fragment="drift")


@require_POST
@requires(Verb.TAXONOMY_EDIT)
def go_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an earlier classifier the current one."""
    version = get_object_or_404(ClassifierVersion, pk=pk)
    because = request.POST.get("because", "")
    try:
        actions.put_in_force_again(current_person(request), version, because)
    except ValidationError as error:
        return _answer(request, problem=error.messages[0], status=422)
    return done(request, reverse("classify:model"))


def _answer(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    versions = tuple(
        _row(v)
        for v in ClassifierVersion.objects.defer("parameters").order_by("-trained_at", "-pk")[
            :VERSIONS_KEPT
        ]
    )
    current = next((row for row in versions if row.version.is_current), None)
    if current is None:
        found = ClassifierVersion.objects.defer("parameters").filter(is_current=True).first()
        current = _row(found) if found else None
    judged = agreed()
    changes = ClassifierChange.objects.select_related("version", "by").defer("version__parameters")
    context = CardContext(
        kpis=_kpis(current, judged),
        current=current,
        versions=versions,
        changes=tuple(changes[:MOST_CHANGES]),
        causes=tuple(
            CauseRow(
                cause_label(one.path),
                reverse("classify:cause", args=[one.path]),
                one.n,
                one.share,
                f"{words.percent(one.interval.low)} – {words.percent(one.interval.high)}",
            )
            for one in judged.by_cause
        ),
        confused=tuple((cause_label(a), _answer_label(b), n) for a, b, n in judged.confused),
        calibration=_chart(judged.bins) if judged.bins else None,
        error=judged.error,
        n_judged=judged.n,
        drift_url=reverse("classify:model_drift"),
        may_go_back=current_person(request).may(Verb.TAXONOMY_EDIT),
        problem=problem,
    )
    return page(request, "classify/model.html", context, status=status)


def _row(version: ClassifierVersion) -> VersionRow:
    report: Mapping[str, Any] = version.report
    return VersionRow(
        version,
        KINDS.get(str(report.get("mode")), str(report.get("mode"))),
        _percent(report.get("cv_accuracy")),
        _percent(report.get("cv_macro_f1")),
        tuple(report.get("notes") or ()),
    )


def _kpis(current: VersionRow | None, judged: Agreed) -> tuple[Kpi, ...]:
    two = agreement_of()
    accepted = sum(one.accepted for one in judged.by_cause)
    kappa = "–" if two is None or two.kappa is None else f"{two.kappa:.2f}"
    return (
        Kpi(
            "Accuracy",
            current.accuracy if current else "–",
            note="cross-validated on the labels it learnt from",
        ),
        Kpi(
            "Macro F1",
            current.macro_f1 if current else "–",
            note="every cause counts the same",
        ),
        Kpi(
            "Suggestions accepted",
            words.percent(accepted / judged.n) if judged.n else "–",
            note=f"of {judged.n} doubtful ones that people judged" if judged.n else "none judged",
        ),
        Kpi(
            "Two people agree, κ",
            kappa,
            note=f"of {two.n} texts" if two else "known from ten second opinions",
        ),
    )


def _chart(bins: tuple[Bin, ...]) -> Chart:
    points = [
        {
            "value": [round(b.claimed, 3), round(b.found, 3)],
            "symbolSize": 8 + min(b.n, 100) ** 0.5,
            "name": f"{b.n} judged",
        }
        for b in bins
    ]
    axis = {"type": "value", "min": 0, "max": 1, "splitNumber": 5}
    option = {
        "grid": {"left": 8, "right": 18, "top": 14, "bottom": 22, "containLabel": True},
        "tooltip": {"trigger": "item"},
        "xAxis": {**axis, "name": "Confidence", "nameLocation": "middle", "nameGap": 26},
        "yAxis": {**axis, "name": ""},
        "series": [
            {
                "type": "line", "symbol": "none", "silent": True,
                "lineStyle": {"color": "$band", "width": 2, "type": "dashed"},
                "data": [[0, 0], [1, 1]],
            },
            {
                "type": "scatter", "name": "Accepted", "itemStyle": {"color": "$brand"},
                "data": points,
            },
        ],
    }  # fmt: skip
    said = ", ".join(f"claimed {b.claimed:.0%}, accepted {b.found:.0%}" for b in bins)
    return Chart("calibration", option, f"Confidence against acceptance: {said}", height=260)


def _percent(share: object) -> str:
    return words.percent(float(share)) if isinstance(share, int | float) else "–"


def _answer_label(answer: str) -> str:
    return cause_label(answer) if taxonomy().get(answer) else Verdict(answer).label
