import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from tests.flows.report_factory import (
    EVERY_REPORT,
    SCRIPT,
    extreme_report,
    full_report,
    one_row_report,
    quiet_report,
    series,
    undated_report,
    wordless_report,
)

from amends.engine.contracts import BreakdownState
from amends.flows.report import render, render_report
from amends.flows.report.sentences import drawn, together

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Reader(HTMLParser):
    """Checks that tags nest, and collects what a browser would make of the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"}:
            self.text.append(data)

    def words(self) -> str:
        return " ".join(" ".join(self.text).replace("\u00a0", " ").split())


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: render_report(make()) for name, make in EVERY_REPORT.items()}


@pytest.mark.parametrize("name", EVERY_REPORT)
def test_every_page_nests_and_its_ids_and_links_fit(pages: dict[str, str], name: str) -> None:
    reader = read(pages[name])
    assert len(reader.ids) == len(set(reader.ids))
    assert {link.removeprefix("#") for link in reader.links} <= set(reader.ids)
    assert all(link.startswith("#") for link in reader.links)


@pytest.mark.parametrize("name", EVERY_REPORT)
def test_no_page_names_an_address(pages: dict[str, str], name: str) -> None:
    text = re.sub(r"base64,[^\"]+|http://www\.w3\.org/2000/svg", "", pages[name])
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!\"data:|#)", text)


def test_a_usual_report_is_small(pages: dict[str, str]) -> None:
    assert len(pages["full"].encode()) <= 400_000


def test_the_same_report_is_the_same_page(pages: dict[str, str]) -> None:
    assert render_report(full_report()) == pages["full"]


def test_the_reader_meets_the_conclusion_first(pages: dict[str, str]) -> None:
    text = read(pages["full"]).words()
    order = [
        "Service recovery, Fibre & TV",
        "4 May – 15 Nov 2026",
        "Missed installation slots in the North drive",
        "Complaints about Fibre 500 in the North: +62 %",
        "Recovery NPS",
        "Daily, with the range expected of it",
        "What broke",
        "Why: root causes",
        "What to do for the customers hit",
        "What failure costs",
        "What this rests on",
        "Method",
    ]
    places = [text.index(part, text.index("Skip to the report")) for part in order]
    assert places == sorted(places)


def test_a_breakdown_says_since_when_where_how_sure_and_who(pages: dict[str, str]) -> None:
    text = read(pages["full"]).words()
    for part in (
        "29 Oct 2026 (between 27 Oct and 30 Oct), still going on; noticed 1 Nov",
        "Product: Fibre 500 · Region: North , explains 84 % of the excess",
        "1.6× (1.5 – 1.8×) the usual: 936 where 578 were expected (95 % range 509 – 647)",
        "Confirmed: a quiet series like this one alarms by chance once in 5 years.",
        "1,214 customers, €612,000 a year at risk",
        "Driver marked me as not home.",
        "Apology and credit of €25.00. Recovered 70 % (66 % – 74 %) of 412 similar cases.",
        "part of breakdown 1",
    ):
        assert part in text


def test_key_figures_have_denominator_interval_or_a_reason(pages: dict[str, str]) -> None:
    text = read(pages["full"]).words()
    assert "First-contact resolution 71.4 % 95 %: 69.9 – 72.9 n = 3,610 resolved cases" in text
    assert "Recovery NPS +34 points 95 %: +30 – +38 n = 1,204 answers" in text
    assert "1 more figure" in text
    assert "At-risk customers kept 61.0 % 95 %: 55.0 – 67.0 271 cases" in text
    assert "Satisfaction : No column holds an answer from 1 to 5." in text


def test_every_row_is_accounted_for(pages: dict[str, str]) -> None:
    text = read(pages["full"]).words()
    assert "4,120 read = 3,984 analysed + 121 duplicate + 15 quarantined" in text
    assert "The date “31/02/2026” does not exist. 4" in text


def test_charts_are_told_in_words_too(pages: dict[str, str]) -> None:
    labels = re.findall(r'role="img" aria-label="([^"]+)"', pages["full"])
    assert len(labels) == 4
    assert all("median" in label and "expected range" in label for label in labels)


def test_a_quiet_file_says_so(pages: dict[str, str]) -> None:
    text = read(pages["quiet"]).words()
    assert "Nothing broke beyond what chance explains: 214 series watched." in text
    assert "What broke" not in text


def test_an_undated_file_shows_no_trend_and_says_why() -> None:
    text = read(render_report(undated_report())).words()
    assert "Undated · 3,984 signals analysed" in text
    assert "No trend can be shown" in text
    assert "Nothing could be watched" in text
    assert "Lately" not in text


def test_a_file_without_text_shows_no_causes_and_says_why() -> None:
    assert "No causes can be told" in read(render_report(wordless_report())).words()


def test_one_row_is_spoken_of_as_one() -> None:
    text = read(render_report(one_row_report())).words()
    assert "1 signal analysed · 1 day" in text
    assert "no complete day yet" in text


def test_hostile_text_stays_text(pages: dict[str, str]) -> None:
    reader = read(pages["extreme"])
    assert reader.tags.count("script") == 1
    assert not {"img", "iframe", "object"} & set(reader.tags)
    assert not {name for name in reader.attributes if name.startswith("on")}
    assert " ".join(SCRIPT.split()) in reader.words()


@pytest.mark.parametrize("hostile", ['"><script>x</script>', "{{ 7 * 7 }}", "</style>", "&amp;"])
def test_hostile_names_stay_names(hostile: str) -> None:
    report = full_report()
    quote = replace(report.breakdowns[0].quotes[0], external_id=hostile, slice={"region": hostile})
    shown = replace(report.breakdowns[0], quotes=(quote,), headline=hostile)
    html = render_report(
        replace(
            report,
            title=hostile,
            generator=hostile,
            breakdowns=(shown,),
            causes=(replace(report.causes[0], label=hostile, branch=hostile), report.causes[1]),
            files=(replace(report.files[0], name=hostile, delimiter=hostile),),
        )
    )
    reader = read(html)
    assert reader.tags.count("script") == 1
    assert reader.words().count(hostile) >= 6


def test_only_our_own_script_may_run(pages: dict[str, str]) -> None:
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', pages["full"])
    assert "default-src 'none'" in policy
    assert "sha256-" in policy
    assert "script-src 'unsafe" not in policy


def test_text_of_either_direction_keeps_to_itself(pages: dict[str, str]) -> None:
    assert '<p dir="auto">الخدمة' in pages["extreme"]


def test_a_long_verbatim_is_cut_at_a_word(pages: dict[str, str]) -> None:
    text = read(pages["extreme"]).words()
    assert "word word […]" in text
    assert "word " * 200 not in text


def test_states_are_told_in_words() -> None:
    report = quiet_report()
    first = full_report().breakdowns[0]
    shown = tuple(
        replace(first, breakdown=replace(first.breakdown, breakdown_id=state, state=state))
        for state in BreakdownState
    )
    text = read(render_report(replace(report, breakdowns=shown))).words()
    for word in ("Suspected", "Going on", "Recovering", "Over"):
        assert word in text


def test_many_breakdowns_keep_the_page_bounded() -> None:
    report = extreme_report()
    html = render_report(replace(report, breakdowns=report.breakdowns * 6))
    assert html.count('class="spark"') == 5
    assert html.count('role="img"') == 1 + 8
    text = read(html).words()
    assert "37 more breakdowns below" in text
    assert "34 smaller breakdowns" in text


def test_many_missing_figures_are_folded() -> None:
    report = full_report()
    missing = tuple(
        replace(m, value=None, interval=None, missing_because="needs `resolved_at`")
        for m in report.metrics
    )
    html = render_report(replace(report, metrics=missing))
    assert "9 key figures cannot be computed from this data" in read(html).words()
    assert "Needs <code>resolved_at</code>." in html


def test_one_recommendation_for_several_is_told_once() -> None:
    report = full_report()
    (_, first), _ = report.recommendations
    given = (("Cause A", first), ("Cause B", first), ("Cause C", replace(first, approver="")))
    text = read(render_report(replace(report, recommendations=given))).words()
    assert "Cause A, B Apology and credit of €25.00" in text
    assert "Cause C Apology and credit of €25.00" in text


def test_a_breakdown_that_is_over_is_not_going_on() -> None:
    report = full_report()
    first = report.breakdowns[0]
    over = replace(first.breakdown, state=BreakdownState.OVER, ended_at=None)
    text = read(
        render_report(replace(report, breakdowns=(replace(first, breakdown=over),)))
    ).words()
    assert "29 Oct 2026 (between 27 Oct and 30 Oct), over; noticed 1 Nov" in text
    assert "still going on;" not in text


@pytest.mark.parametrize(
    ("measure", "unit", "said"),
    [
        ("complaints", "a day", "Complaints a day"),
        ("escalation_rate", "a week", "Escalations a week"),
        ("ces_harm", "% of answers", "Effort, % of answers"),
        ("own_measure", "an hour", "Own measure an hour"),
    ],
)
def test_a_chart_says_what_its_line_counts(measure: str, unit: str, said: str) -> None:
    assert drawn(replace(series(days=9), measure=measure, unit=unit)) == said


def test_what_names_begin_with_is_said_once() -> None:
    assert together(["A case of “x”", "A case of “y z”"]) == "A case of “x”, “y z”"
    assert together(["Alone here"]) == "Alone here"
    assert together(["Twice here", "Twice here"]) == "Twice here"
    assert together(["All", "All of it"]) == "All, All of it"
    assert together(["Cause A", "Other"]) == "Cause A, Other"


def test_an_action_without_own_cases_shows_what_is_expected() -> None:
    report = full_report()
    who, advice = report.recommendations[0]
    new = replace(advice, action=replace(advice.action, n=0))
    text = read(render_report(replace(report, recommendations=((who, new),)))).words()
    assert "Expected to recover 70 % (66 % – 74 %); no own case yet." in text


def test_a_missing_frontend_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(render, "VENDOR", tmp_path)
    with pytest.raises(render.ChartError, match="run 'make setup'"):
        render_report(full_report())
