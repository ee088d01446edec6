"""Every component with invented figures, for those who build pages: `/gallery/` while debugging."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sin

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from amends.web.ui.pages import page
from amends.web.ui.parts import Alert, Bar, Branch, Chart, Event, Kpi
from amends.web.ui.treemap import Leaf, treemap


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the queue."""

    name: str
    channel: str
    issue: str
    who: str
    severity: str
    due_at: datetime
    action: str
    owner: str
    value: float


@dataclass(frozen=True, slots=True)
class GalleryContext:
    """One of everything."""

    kpis: list[Kpi]
    volume: Chart
    flow: Chart
    alerts: list[Alert]
    causes: tuple[Branch, ...]
    bars: list[Bar]
    events: list[Event]
    rows: list[Row]


def gallery(request: HttpRequest) -> HttpResponse:
    """Show the components as a dashboard would."""
    now = timezone.now()
    context = GalleryContext(
        _kpis(), _volume(), _flow(), _alerts(), _causes(), _bars(), _events(now), _rows(now)
    )
    return page(request, "ui/gallery.html", context)


def _kpis() -> list[Kpi]:
    up, down = [9.0, 11, 12, 10, 13, 15, 14, 18, 17, 20, 21], [21.0, 19, 18, 20, 15, 14, 12, 13, 10]
    return [
        Kpi("Recovery NPS", "+34", "", "+6", "up", "good", "+40", course=up, href="/gallery/"),
        Kpi(
            "Complaint to resolution", "3.2", "days", "−0.6 d", "down", "good", "3.0 d", course=down
        ),
        Kpi("First-contact resolution", "71.4", "%", "+1.8 pp", "up", "good", "75 %", course=up),
        Kpi("Customer effort", "3.1", "/ 7", "±0.0", target="2.8", course=down[::-1]),
        Kpi("Recontact in 7 days", "12.8", "%", "+1.1 pp", "up", "critical", "10 %", course=up),
        Kpi("Repurchase", "–", note="No orders are connected"),
    ]


def _volume() -> Chart:
    days = [f"{1 + i % 28} {['Sep', 'Oct', 'Nov'][i // 28]}" for i in range(84)]
    usual = [200 + 40 * sin(i * 0.9) for i in range(84)]
    seen = [round(v + 22 * sin(i * 1.7) + (150 if i == 76 else 0)) for i, v in enumerate(usual)]
    bare = {
        "type": "line",
        "stack": "band",
        "symbol": "none",
        "silent": True,
        "tooltip": {"show": False},
    }
    style = {"color": "$critical", "borderColor": "$surface", "borderWidth": 2, "opacity": 1}
    spot = {"value": [days[76], seen[76]], "href": "/gallery/", "itemStyle": style}
    option = {
        "grid": {"left": 6, "right": 14, "top": 14, "bottom": 2, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": days, "boundaryGap": False},
        "yAxis": {"type": "value", "min": 0, "splitNumber": 4},
        "series": [
            {**bare, "data": [v - 45 for v in usual], "lineStyle": {"width": 0}},
            {
                **bare,
                "data": [90] * 84,
                "lineStyle": {"width": 0},
                "areaStyle": {"color": "$band", "opacity": 1},
            },
            {
                "type": "line",
                "name": "Complaints",
                "data": seen,
                "symbol": "none",
                "lineStyle": {"color": "$brand", "width": 2},
                "itemStyle": {"color": "$brand"},
            },
            {"type": "scatter", "name": "Breakdown", "data": [spot], "symbolSize": 14, "z": 5},
        ],
    }
    return Chart("volume", option, "Complaints a day with their expected range; one breakdown")


def _flow() -> Chart:
    tones = {
        "Recovered": "$good",
        "Neutral": "$muted",
        "Contacted again": "$high",
        "Lost": "$critical",
    }
    starts = {name: {"color": "$brand"} for name in ("Delivery", "Billing", "Service")}
    middle = {name: {"color": "$brand-soft"} for name in ("Refund", "Call-back", "No action")}
    links = [
        ("Delivery", "Refund", 520),
        ("Delivery", "Call-back", 610),
        ("Delivery", "No action", 240),
        ("Billing", "Refund", 480),
        ("Billing", "Call-back", 260),
        ("Service", "Call-back", 300),
        ("Service", "No action", 210),
        ("Refund", "Recovered", 640),
        ("Refund", "Neutral", 360),
        ("Call-back", "Recovered", 820),
        ("Call-back", "Contacted again", 350),
        ("No action", "Neutral", 160),
        ("No action", "Lost", 290),
    ]
    option = {
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "type": "sankey",
                "left": 2,
                "right": 110,
                "top": 8,
                "bottom": 8,
                "nodeWidth": 10,
                "nodeGap": 12,
                "draggable": False,
                "label": {"color": "$text", "fontSize": 12},
                "lineStyle": {"color": "$flow", "opacity": 0.5},
                "data": [
                    *({"name": n, "itemStyle": s} for n, s in (starts | middle).items()),
                    *({"name": n, "itemStyle": {"color": c}} for n, c in tones.items()),
                ],
                "links": [{"source": a, "target": b, "value": n} for a, b, n in links],
            }
        ],
    }
    return Chart("flow", option, "Flow from cause through action to outcome", height=340)


def _alerts() -> list[Alert]:
    title = "“Missed slot” up 62 % in the North region"
    return [
        Alert(title, "Carrier handover", "critical", "121 cases · 2 days ago", "/gallery/"),
        Alert("Duplicate charge", "Payment retry", "high", "288 cases · 3 weeks ago", "/gallery/"),
        Alert(
            "Promo code refused", "Pricing cache", "medium", "84 cases · 6 weeks ago", "/gallery/"
        ),
    ]


def _causes() -> tuple[Branch, ...]:
    given = {
        "Delivery": [("Missed slot", 642, 4), ("Carrier delay", 518, 3), ("Lost parcel", 231, 5)],
        "Billing": [
            ("Duplicate charge", 388, 4),
            ("Refund late", 347, 5),
            ("Wrong amount", 214, 2),
        ],
        "Product": [
            ("Defect on arrival", 296, 2),
            ("Missing part", 210, 2),
            ("Wrong item", 120, 1),
        ],
        "Service": [("Repeat explanation", 264, 5), ("Long wait", 241, 3)],
    }
    return treemap(
        [
            (
                branch,
                f"{sum(n for _, n, _ in leaves):,}",
                [
                    Leaf(name, n, f"{n} · {4 * step} %", step, "/gallery/")
                    for name, n, step in leaves
                ],
            )
            for branch, leaves in given.items()
        ]
    )


def _bars() -> list[Bar]:
    given = [("Missed slot", 642, 4), ("Carrier delay", 518, 3), ("Duplicate charge", 388, 4)]
    return [Bar(name, f"{n} · {4 * s} %", n / 642, s, "/gallery/") for name, n, s in given]


def _events(now: datetime) -> list[Event]:
    ago = timedelta(days=1)
    quote = "“Driver marked me as not home. I was home all morning.”"
    return [
        Event("First contact: chat", now - 10 * ago, quote, "message-circle", "", "Tom S."),
        Event("Second slot missed", now - 6 * ago, "“Access problem”", "truck", "high", "Carrier"),
        Event("Survey: NPS 2", now - 2 * ago, "“Nobody reads it.”", "gauge", "critical", "Survey"),
        Event("Playbook recommended", now - ago / 24, "Waits for approval", "sparkles", "brand"),
    ]


def _rows(now: datetime) -> list[Row]:
    given = [
        ("Third missed delivery in 10 days", "critical", -18, "Owner call-back + credit", 1240),
        ("Charged twice, €312.40 pending", "critical", 34, "Refund now", 3410),
        ("Gift lost before birthday", "high", 112, "Replace by courier", 286),
        ("Refund promised 12 days ago", "high", 171, "Escalate to finance", 930),
        ("Cracked display, photo attached", "medium", 505, "Replacement", 178),
        ("Code WINTER refused", "low", 1630, "Credit €15", 64),
    ]
    return [
        Row(
            f"C-{20481 - 4 * i}",
            "app",
            issue,
            "Maya Okafor · Gold · Missed slot",
            severity,
            now + timedelta(minutes=minutes),
            action,
            "Priya N.",
            value,
        )
        for i, (issue, severity, minutes, action, value) in enumerate(given)
    ]
