from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import quickjs
from django.template import Context, Template
from django.utils import timezone
from django_cotton.compiler_regex import CottonCompiler
from hypothesis import given
from hypothesis import strategies as st

from amends.web.ui.clocks import clock_text, clock_tone
from amends.web.ui.parts import Bar, Kpi
from amends.web.ui.templatetags.ui import ago, course, day, moment, until, until_tone
from amends.web.ui.treemap import Leaf, treemap

CLOCK_JS = Path(__file__).parents[2] / "frontend" / "js" / "pages" / "clock.js"


def browser_clock() -> quickjs.Context:
    context = quickjs.Context()
    context.eval(CLOCK_JS.read_text(encoding="utf-8").replace("export ", ""))
    return context


BROWSER = browser_clock()


@given(st.integers(-20_000, 20_000))
def test_browser_and_server_tell_the_same_time(minutes: int) -> None:
    text, tone = BROWSER.get("clockText"), BROWSER.get("clockTone")
    assert text(minutes + 0.5) == clock_text(minutes + 0.5).replace("\u00a0", " ")
    assert tone(minutes) == clock_tone(minutes)


@pytest.mark.parametrize(
    ("minutes", "text", "tone"),
    [
        (-18, "Overdue 18 m", "critical"),
        (34, "34 m", "high"),
        (171, "2 h 51 m", "low"),
        (505, "8 h 25 m", "good"),
        (1630, "1 d 3 h", "good"),
    ],
)
def test_clocks_are_told_in_words_and_tones(minutes: int, text: str, tone: str) -> None:
    due = timezone.now() + timedelta(minutes=minutes, seconds=20 if minutes > 0 else 0)
    assert until(due).replace("\u00a0", " ") == text
    assert until_tone(due) == tone


def test_days_carry_their_year_only_when_it_is_another() -> None:
    old = datetime(2019, 11, 14, 13, 40, tzinfo=UTC)
    assert moment(old).replace("\u00a0", " ") == "14 Nov 2019, 13:40"
    assert str(old.year) not in day(timezone.now())
    assert ago(None) == "never"
    assert ago(timezone.now() - timedelta(minutes=46)).replace("\u00a0", " ") == "46 min ago"
    assert ago(timezone.now() - timedelta(days=2)).replace("\u00a0", " ") == "2 days ago"


leaves = st.lists(st.integers(0, 10_000), min_size=1, max_size=12)


@given(st.lists(leaves, max_size=6))
def test_a_treemap_fills_its_space_in_proportion(branches: list[list[int]]) -> None:
    placed = treemap(
        [
            (f"b{i}", "", [Leaf(f"l{j}", size, "", 1, "/") for j, size in enumerate(sizes)])
            for i, sizes in enumerate(branches)
        ]
    )
    total = sum(map(sum, branches))
    assert len(placed) == sum(any(sizes) for sizes in branches)
    for branch in placed:
        sizes = branches[int(branch.label[1:])]
        area = branch.box.width * branch.box.height / 100
        assert area == pytest.approx(100 * sum(sizes) / total, abs=1e-6)
        assert len(branch.tiles) == sum(size > 0 for size in sizes)
        assert sum(t.box.width * t.box.height for t in branch.tiles) == pytest.approx(10_000)
        for tile in branch.tiles:
            assert -1e-6 <= tile.box.left <= tile.box.left + tile.box.width <= 100 + 1e-6


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_a_sparkline_stays_in_its_box(values: list[float]) -> None:
    points = [p.lstrip("ML").split() for p in course(values)["line"].split("L")]
    assert len(points) == len(values)
    assert all(0 <= float(x) <= 132 and 0 <= float(y) <= 34 for x, y in points)


def rendered(source: str, **values: object) -> str:
    return Template(CottonCompiler().process(source)).render(Context(values))


def test_a_key_figure_without_a_value_says_why() -> None:
    html = rendered('<c-kpi :kpi="kpi" />', kpi=Kpi("Repurchase", "–", note="No orders"))
    assert "No orders" in html
    assert "<svg" not in html
    assert "Target" not in html


def test_what_people_wrote_is_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    html = rendered('<c-bars :bars="bars" />', bars=[Bar(evil, evil, 0.5)])
    assert "<script>" not in html
    panel = rendered('<c-panel title="{{ title }}">{{ title }}</c-panel>', title=evil)
    assert "<script>" not in panel


@pytest.mark.parametrize("values", [{}, {"paused": True}, {"met": timezone.now()}])
def test_a_clock_is_running_paused_or_met(values: dict[str, object]) -> None:
    due = timezone.now() + timedelta(minutes=61)
    html = rendered(
        '<c-clock :due="due" :paused="paused" :met="met" />',
        due=due,
        **({"paused": False, "met": None} | values),
    )
    assert ("data-paused" in html) == ("paused" in values)
    assert ("Met " in html) == ("met" in values)
