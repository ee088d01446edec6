"""Reports as `amends analyze` would hand them over: a full one, poor ones, and an extreme one."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from amends.engine.contracts import (
    REPORT_VERSION,
    ActionKind,
    Breakdown,
    BreakdownReport,
    BreakdownState,
    Bucket,
    CauseCost,
    CauseReport,
    CauseShare,
    ClassifierReport,
    ConditionResult,
    CostAssumption,
    Decision,
    Evidence,
    Interval,
    Limit,
    Metric,
    Money,
    Quote,
    RankedAction,
    Recommendation,
    Report,
    RowAccount,
    RowResult,
    SeriesChart,
    Severity,
    Slice,
    SliceShare,
    SourceFile,
    UnderstoodColumn,
)

FIRST = datetime(2026, 5, 4, tzinfo=UTC)
DAYS = 196
DAY = timedelta(days=1)


def series(
    *,
    title: str = "Complaints",
    level: float = 210.0,
    bump: tuple[int, int, float] | None = None,
    days: int = DAYS,
    partial: bool = True,
    seed: int = 1,
) -> SeriesChart:
    """A daily series with a weekly rhythm; `bump` is (first day, last day, factor)."""
    rng = np.random.default_rng(seed)
    week = np.array([1.15, 1.12, 1.1, 1.05, 1.0, 0.72, 0.6])
    expected = level * week[np.arange(days) % 7] * (1 + 0.1 * np.arange(days) / days)
    factor = np.ones(days)
    if bump is not None:
        factor[bump[0] : bump[1] + 1] = bump[2]
    value = rng.poisson(expected * factor).astype(float)
    spread = 2.2 * np.sqrt(expected * 1.6)
    if partial:
        value[-1] = round(value[-1] * 0.4)
    high = expected + spread
    alarm = (value > high) & (factor > 1)
    return SeriesChart(
        title=title,
        measure="complaints",
        unit="a day",
        bucket=Bucket.DAY,
        starts=[FIRST + i * DAY for i in range(days)],
        value=value.tolist(),
        expected=expected.round(1).tolist(),
        low=np.maximum(expected - spread, 0).round(1).tolist(),
        high=high.round(1).tolist(),
        is_alarm=alarm.tolist(),
        last_is_partial=partial,
    )


def quote(text: str, i: int = 0, **where: str) -> Quote:
    return Quote(
        text=text,
        occurred_at=FIRST + timedelta(days=170 + i, hours=9, minutes=12),
        slice=where or {"region": "North", "product": "Fibre 500"},
        source="complaints.csv",
        external_id=f"C-{20481 + i}",
    )


def ranked(kind: ActionKind, amount: str, rate: float, n: int) -> RankedAction:
    half = 1.96 * math.sqrt(rate * (1 - rate) / n)
    return RankedAction(
        kind=kind,
        amount=Money(Decimal(amount), "EUR"),
        propensity=0.6,
        expected_value=41.0,
        rate=rate,
        rate_interval=Interval(max(rate - half, 0), min(rate + half, 1)),
        n=n,
    )


def decision() -> Decision:
    return Decision(
        table="goodwill",
        version="4.2",
        content_hash="9f1c2a77d0e4",
        outcome={"limit": Decimal("40.00"), "approver": "team lead", "allowed": True},
        matched=("R3",),
        rows=(
            RowResult(
                row="R3",
                matched=True,
                conditions=(
                    ConditionResult("loss", "loss ≥ 20", "24.90", passed=True),
                    ConditionResult("tier", "tier is gold or platinum", "gold", passed=True),
                ),
                note="Gold customers may be given up to €40.",
            ),
            RowResult(
                row="R4",
                matched=False,
                conditions=(ConditionResult("loss", "loss ≥ 100", "24.90", passed=False),),
            ),
        ),
        would_change=("With a loss of 100.00 or more the limit would be €80.00.",),
    )


def recommendation(
    kind: ActionKind = ActionKind.APOLOGY_CREDIT, amount: str = "25.00"
) -> Recommendation:
    return Recommendation(
        action=ranked(kind, amount, 0.70, 412),
        runner_up=ranked(ActionKind.CREDIT, "25.00", 0.34, 388),
        owed=Money(Decimal("9.90"), "EUR"),
        limit=Money(Decimal("40.00"), "EUR"),
        limit_reason="Gold tier, loss of 24.90, row R3 of the goodwill table",
        approver="team lead",
        explores=False,
        reasons=(
            "In 412 similar cases an apology with credit recovered 70 %; credit alone 34 %.",
            "The customer had to repeat the story twice: one named owner removes that.",
        ),
        decisions=(decision(),),
        allowed=(ranked(kind, amount, 0.70, 412), ranked(ActionKind.CREDIT, "25.00", 0.34, 388)),
        policy_hash="9f1c2a77d0e4",
        model_version="rank-1",
        seed=7,
    )


def breakdown(
    number: int,
    severity: Severity,
    onset: int,
    until: int | None,
    ratio: float,
    where: dict[str, str],
    state: BreakdownState = BreakdownState.CONFIRMED,
) -> Breakdown:
    n_days = (until if until is not None else DAYS - 1) - onset
    expected = 34.0 * n_days
    return Breakdown(
        breakdown_id=f"b{number}",
        measure="complaints",
        slices=(
            SliceShare(Slice.of(where), ratio * expected, expected, 0.84, 51.0),
            SliceShare(Slice.of({"channel": "app"}), 300.0, 230.0, 0.11, 6.0),
        ),
        state=state,
        onset_at=FIRST + onset * DAY,
        onset_earliest_at=FIRST + (onset - 2) * DAY,
        onset_latest_at=FIRST + (onset + 1) * DAY,
        detected_at=FIRST + (onset + 3) * DAY,
        ended_at=None if until is None else FIRST + until * DAY,
        evidence=Evidence(
            observed=round(ratio * expected),
            expected=expected,
            expected_range=Interval(expected * 0.88, expected * 1.12),
            ratio=ratio,
            ratio_interval=Interval(ratio * 0.9, ratio * 1.1),
            score=22.4,
            false_alarm_every_days=1825.0,
        ),
        severity=severity,
        severity_reasons=("1,214 customers hit", "gold tier over-represented", "still growing"),
        customers=1214 // number,
        value_at_risk=Money(Decimal(612_000) / number, "EUR"),
        causes=(
            CauseShare("delivery/missed_slot", 301, 0.62),
            CauseShare("delivery/carrier_delay", 88, 0.18),
        ),
    )


def breakdown_reports() -> tuple[BreakdownReport, ...]:
    return (
        BreakdownReport(
            breakdown=breakdown(
                1, Severity.CRITICAL, 178, None, 1.62, {"region": "North", "product": "Fibre 500"}
            ),
            headline="Complaints about Fibre 500 in the North are up 62 % since 29 October",
            summary="Customers tell of missed installation slots. The rise began within one day "
            "and has not let up; other regions and products are as usual.",
            confidence="Confirmed: a quiet series like this one alarms by chance once in 5 years.",
            chart=series(
                title="Complaints, Fibre 500, North", level=34, bump=(178, 195, 1.7), seed=4
            ),
            quotes=(
                quote("Driver marked me as not home. I was home all morning."),
                quote("Third missed slot in ten days & nobody reads what I wrote before.", 2),
                quote("Waited from 8 till 6, nobody came, nobody called.", 5),
            ),
            who=(
                ("tier", "Gold", 0.41, 0.18),
                ("segment", "Moved house", 0.33, 0.12),
                ("channel", "App", 0.22, 0.31),
            ),
            to_do=(
                "Ask the field partner for North what changed around 29 October.",
                "Stop new bookings of morning slots there until it is understood.",
                "Call back the 1,214 customers hit, gold tier first.",
            ),
            recommendation=recommendation(),
            cost=48_300.0,
        ),
        BreakdownReport(
            breakdown=breakdown(
                2,
                Severity.HIGH,
                121,
                139,
                1.41,
                {"channel": "Direct debit"},
                BreakdownState.OVER,
            ),
            headline="Duplicate charges by direct debit were up 41 % from 2 to 20 September",
            summary="A second debit within two days of the first; over since 20 September.",
            confidence="Sure: chance alone would show this about once in 2 years.",
            chart=series(title="Complaints, direct debit", level=26, bump=(121, 139, 1.5), seed=6),
            quotes=(quote("Charged twice, €312.40 still pending.", -40, channel="Direct debit"),),
            who=(("tier", "Standard", 0.71, 0.66),),
            to_do=("Check that all 288 second debits were paid back.",),
            recommendation=None,
            cost=12_900.0,
        ),
        BreakdownReport(
            breakdown=replace(
                breakdown(
                    3,
                    Severity.MEDIUM,
                    70,
                    92,
                    1.22,
                    {"product": "TV box"},
                    BreakdownState.RECOVERING,
                ),
                part_of="b1",
                customers=None,
                value_at_risk=None,
                causes=(),
            ),
            headline="Complaints about the TV box are up 22 % since 13 July",
            summary="Slow rise after the July release.",
            confidence="Fairly sure: a slow rise is hard to tell from a trend.",
            chart=series(title="Complaints, TV box", level=48, bump=(70, 92, 1.35), seed=9),
            quotes=(),
            who=(),
            to_do=("Look at release 8.4.0 of the box.",),
            recommendation=None,
            cost=None,
        ),
    )


CAUSES = (
    ("Delivery", "Missed slot", 642, 0.35, Severity.HIGH),
    ("Delivery", "Carrier delay", 518, 0.08, Severity.MEDIUM),
    ("Delivery", "Lost parcel", 231, -0.12, Severity.HIGH),
    ("Delivery", "Wrong address", 118, 0.02, Severity.LOW),
    ("Billing", "Duplicate charge", 388, 0.22, Severity.CRITICAL),
    ("Billing", "Refund late", 347, 0.61, Severity.HIGH),
    ("Billing", "Promo not applied", 214, -0.04, Severity.LOW),
    ("Product", "Defect on arrival", 296, 0.0, Severity.MEDIUM),
    ("Product", "Missing part", 190, -0.21, Severity.LOW),
    ("Product", "Wrong item", 140, 0.11, Severity.MEDIUM),
    ("Service", "Repeat explanation", 264, 0.28, Severity.MEDIUM),
    ("Service", "Long wait", 241, 0.05, Severity.MEDIUM),
    ("Service", "Promise not kept", 119, 0.44, Severity.HIGH),
    ("Digital", "Checkout error", 172, 0.03, Severity.MEDIUM),
    ("Digital", "Login failure", 131, -0.3, Severity.LOW),
    ("Digital", "App crash", 123, 0.18, Severity.MEDIUM),
)


def cause(
    branch: str, label: str, n: int, change: float | None, severity: Severity, total: int
) -> CauseReport:
    path = f"{branch}/{label}".lower().replace(" ", "_")
    handling, remedy, churn = n * 6.5, n * 4.1, n * 3.3 * (1 + severity.rank)
    return CauseReport(
        path=path,
        label=label,
        branch=branch,
        n=n,
        share=n / total,
        negative_share=0.5 + 0.08 * severity.rank,
        severity=severity,
        recent_change=change,
        mean_confidence=0.71,
        quotes=(
            quote(f"{label}: this is the second time and nobody feels responsible.", n % 20),
            quote("I will not order here again.", n % 11),
        ),
        cost=CauseCost(path, n, handling, remedy, churn, handling + remedy + churn, n / total),
        to_do=f"Ask the owner of {branch.lower()} why “{label.lower()}” happens.",
    )


def causes() -> tuple[CauseReport, ...]:
    total = sum(row[2] for row in CAUSES) + 310
    rows = sorted(CAUSES, key=lambda row: -row[2])
    return tuple(cause(*row, total) for row in rows)


def metric(
    name: str,
    label: str,
    unit: str,
    value: float,
    low: float,
    high: float,
    n: int,
    n_of: str,
    better: str,
) -> Metric:
    return Metric(
        name, label, unit, value, Interval(low, high), n, n_of, better, f"{label}, as counted."
    )


def metrics() -> tuple[Metric, ...]:
    return (
        metric("nps", "Recovery NPS", "points", 34.2, 30.1, 38.3, 1204, "answers", "higher"),
        metric(
            "resolution_median_days",
            "Complaint to resolution",
            "days",
            3.21,
            3.05,
            3.4,
            3610,
            "resolved cases",
            "lower",
        ),
        metric(
            "fcr",
            "First-contact resolution",
            "%",
            71.43,
            69.9,
            72.9,
            3610,
            "resolved cases",
            "higher",
        ),
        metric("ces", "Customer effort", "of 7", 3.12, 2.98, 3.26, 988, "answers", "higher"),
        metric(
            "recontact_rate",
            "Recontact within 7 days",
            "%",
            12.8,
            11.7,
            13.9,
            3402,
            "resolved cases whose 7 days have passed",
            "lower",
        ),
        metric("escalation_rate", "Escalated", "%", 4.4, 3.8, 5.1, 3984, "cases", "lower"),
        metric(
            "save_rate", "At-risk customers kept", "%", 61.0, 55.0, 67.0, 271, "cases", "higher"
        ),
        Metric(
            "csat",
            "Satisfaction",
            "%",
            None,
            None,
            0,
            "answers",
            "higher",
            "Share of answers of 4 or 5.",
            "no column holds an answer from 1 to 5",
        ),
        Metric(
            "reopen_rate",
            "Reopened",
            "%",
            None,
            None,
            0,
            "resolved cases",
            "lower",
            "Share reopened.",
            "no column counts reopenings",
        ),
    )


def columns() -> tuple[UnderstoodColumn, ...]:
    return (
        UnderstoodColumn(
            "Ticket ID",
            "external_id",
            "name",
            "unique in 99.6 % of rows",
            4120,
            ("C-20481", "C-20477"),
        ),
        UnderstoodColumn(
            "Created",
            "occurred_at",
            "content",
            "day first, 24-hour clock, taken as UTC",
            4116,
            ("20/11/2026 08:02",),
        ),
        UnderstoodColumn(
            "What happened?",
            "verbatim",
            "content",
            "free text, median 18 words",
            4051,
            ("Driver marked me as not home.",),
        ),
        UnderstoodColumn("Region", "region", "name", "6 values", 4120, ("North", "South")),
        UnderstoodColumn("NPS", "nps", "told", "0 – 10", 1204, ("9", "2")),
        UnderstoodColumn("batch_no", None, "attribute", "kept as it is", 4120, ("B-17",)),
    )


def full_report() -> Report:
    shown = causes()
    rows = RowAccount(read=4120, analysed=3984, duplicate=121, quarantined=15)
    return Report(
        version=REPORT_VERSION,
        generator="amends 0.1.0",
        generated_at=datetime(2026, 11, 16, 8, 2, tzinfo=UTC),
        title="Service recovery, Fibre & TV",
        headline="Missed installation slots in the North drive a 62 % rise in complaints about "
        "Fibre 500; it is still going on.",
        findings=(
            "Complaints about Fibre 500 in the North: +62 % since 29 October, 1,214 customers hit.",
            "Missed slots are the most frequent cause (642 of 3,984) and grew by 35 % lately.",
            "Late refunds grow fastest: +61 % in the last quarter of the period.",
            "Failures cost about €76,000 in the period; a third of it is churn.",
        ),
        files=(SourceFile("complaints.csv", "CSV", "utf-8", ";", "generic", 4120, columns()),),
        rows=rows,
        quarantine_reasons=(
            ("The date “31/02/2026” does not exist.", 4),
            ("The row has 9 fields, the header has 8.", 11),
        ),
        starts_at=FIRST,
        ends_at=FIRST + (DAYS - 1) * DAY,
        metrics=metrics(),
        volume=series(level=140, bump=(178, 195, 1.45), seed=2),
        breakdowns=breakdown_reports(),
        watched_series=214,
        false_alarm_budget="0.2 false breakdowns per report on average, shared among 214 series",
        causes=shown,
        cause_totals=(
            *(CauseShare(c.path, c.n, c.share) for c in shown),
            CauseShare("unsure", 310, 0.07),
        ),
        classifier=ClassifierReport(
            "described-1",
            "described",
            "retail 1",
            4051,
            3741,
            0,
            None,
            None,
            ("Short texts of fewer than three words stay unsure.",),
        ),
        recommendations=(
            ("1,214 customers hit by missed slots in the North", recommendation()),
            ("288 customers charged twice", recommendation(ActionKind.REFUND, "31.20")),
        ),
        currency="EUR",
        cost_assumptions=(
            CostAssumption(
                "Handling one contact",
                6.5,
                "EUR per contact",
                "a usual figure for phone and mail; replace it by your own",
            ),
            CostAssumption(
                "Churn after a failure",
                0.04,
                "share of customers",
                "field studies; replace it by your own",
            ),
        ),
        limits=(
            Limit(
                "Recontact is counted for customers with an id only.",
                "312 rows have no customer id.",
                "Export the customer id.",
            ),
            Limit(
                "No rate per order can be told.",
                "The file holds complaints, but not how many orders there were.",
                "Add orders per day as transactions.",
            ),
        ),
    )


def quiet_report() -> Report:
    """A file in which nothing broke."""
    return replace(
        full_report(),
        headline="Nothing broke beyond what chance explains.",
        breakdowns=(),
        volume=series(level=140, partial=False),
        recommendations=(),
        quarantine_reasons=(),
        rows=RowAccount(3984, 3984, 0, 0),
        limits=(),
    )


def undated_report() -> Report:
    """Texts without a date: causes, but no trends."""
    return replace(
        quiet_report(),
        headline="Delivery is the most frequent cause in 3,984 texts.",
        starts_at=None,
        ends_at=None,
        volume=None,
        watched_series=0,
        causes=tuple(
            replace(
                c,
                recent_change=None,
                cost=None,
                quotes=tuple(replace(q, occurred_at=None) for q in c.quotes),
            )
            for c in causes()
        ),
        cost_assumptions=(),
        limits=(Limit("trends and breakdowns", "No column holds dates", "Export a date"),),
    )


def wordless_report() -> Report:
    """Scores and dates without any text: no causes."""
    return replace(full_report(), causes=(), cause_totals=(), classifier=None, currency="")


def one_row_report() -> Report:
    return replace(
        undated_report(),
        headline="One row says little.",
        findings=(),
        rows=RowAccount(1, 1, 0, 0),
        starts_at=FIRST,
        ends_at=FIRST,
        volume=series(days=1, partial=True),
        watched_series=1,
        causes=(replace(causes()[0], n=1, share=1.0, quotes=()),),
        cause_totals=(),
        metrics=(),
    )


SCRIPT = "<script>alert('pwned')</script><img src=x onerror=alert(1)>"
RTL = "الخدمة سيئة جدًا ولم يتصل بي أحد منذ أسبوع"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2


def extreme_report() -> Report:
    """Sixty causes, long names, huge numbers, right-to-left text and hostile text everywhere."""
    rng = np.random.default_rng(3)
    total = 98_765_432_100
    many = tuple(
        cause(
            f"Branch {i % 9} {LONG if i == 9 else ''}",
            SCRIPT if i == 1 else LONG if i == 2 else f"Cause number {i} with a name",
            int(total * 0.3 * 0.8**i) + 3,
            float(rng.normal(0, 0.4)),
            list(Severity)[i % 4],
            total,
        )
        for i in range(60)
    )
    first = breakdown_reports()[0]
    hostile = replace(
        first,
        headline=f"{SCRIPT} {LONG}",
        summary=SCRIPT,
        quotes=(quote(SCRIPT), quote(RTL), quote("word " * 800), quote(LONG)),
        who=((SCRIPT, LONG, 0.9, 0.001), ("region", RTL, 0.0004, 0.5)),
        breakdown=replace(
            first.breakdown,
            slices=(SliceShare(Slice.of({"region": LONG, "product": SCRIPT}), 9e9, 1e9, 0.5, 3.0),),
            customers=87_654_321,
            evidence=replace(
                first.breakdown.evidence, ratio=math.inf, ratio_interval=Interval(3.0, math.inf)
            ),
        ),
        cost=12_345_678_901.0,
    )
    return replace(
        full_report(),
        title=f"{LONG} {SCRIPT}",
        headline=f"{RTL} {SCRIPT}",
        findings=(SCRIPT, RTL, LONG),
        rows=RowAccount(total, total, 0, 0),
        starts_at=datetime(1999, 12, 31, tzinfo=UTC),
        volume=series(level=9_000_000, days=4000, bump=(1500, 1700, 1.6)),
        breakdowns=(hostile,) * 7,
        causes=many,
        cause_totals=tuple(CauseShare(c.path, c.n, c.share) for c in many),
        metrics=tuple(
            replace(m, value=m.value and m.value * 1e9, interval=None, label=f"{m.label} {LONG}")
            for m in metrics()
        ),
        recommendations=((SCRIPT, recommendation()),) * 2,
        currency="XTS",
        limits=(Limit(SCRIPT, RTL, LONG),),
    )


EVERY_REPORT = {
    "full": full_report,
    "quiet": quiet_report,
    "undated": undated_report,
    "wordless": wordless_report,
    "one_row": one_row_report,
    "extreme": extreme_report,
}
