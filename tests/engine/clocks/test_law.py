from datetime import UTC, date, datetime

import pytest

from amends.engine.clocks import (
    NOT_LEGAL_ADVICE,
    Adoption,
    Calendar,
    Cases,
    ClockKind,
    Event,
    EventKind,
    Sheet,
    chosen,
    events_of,
    read_presets,
    reckon,
    shipped_presets,
    shipped_sheet,
)

PRESETS = shipped_presets()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(name: str, clock: str, received: str) -> datetime:
    preset = chosen(PRESETS, name, at(received))
    assert preset is not None
    return preset.due(next(c for c in preset.clocks if c.name == clock), at(received))


@pytest.mark.parametrize(
    ("name", "clock", "received", "missed_at"),
    [
        ("gb_fca_disp", "final", "2026-01-05 10:00", "2026-03-03 00:00"),
        ("gb_fca_disp", "final", "2026-03-02 10:00", "2026-04-27 23:00"),  # summer time by then
        ("gb_fca_disp", "summary", "2026-04-02 10:00", "2026-04-09 23:00"),  # Easter
        ("gb_fca_disp", "summary", "2026-01-10 10:00", "2026-01-15 00:00"),  # on a Saturday
        ("gb_fca_payments", "final", "2026-06-01 12:00", "2026-06-22 23:00"),
        ("gb_ofcom", "adr_letter", "2026-04-07 12:00", "2026-06-02 23:00"),  # 8 weeks
        ("gb_ofcom", "adr_letter", "2026-04-07 22:59", "2026-06-02 23:00"),
        (
            "gb_ofcom",
            "adr_letter",
            "2026-04-07 23:01",
            "2026-05-20 23:00",
        ),  # 6 weeks: the 8th there
        ("us_cfpb", "response", "2026-11-23 12:00", "2026-12-09 05:00"),
        ("us_reg_e", "determination", "2026-11-23 12:00", "2026-12-09 05:00"),  # Thanksgiving
        ("us_dot_card", "refund", "2026-06-30 12:00", "2026-07-11 04:00"),  # 3 July is observed
        ("au_rg271", "acknowledgement", "2026-06-06 12:00", "2026-06-07 12:00"),
        ("au_rg271", "final", "2026-06-06 12:00", "2026-07-06 14:00"),
    ],
)
def test_a_deadline_ends_with_its_last_day_where_it_is_law(
    name: str, clock: str, received: str, missed_at: str
) -> None:
    assert due(name, clock, received) == at(missed_at)


def test_a_change_of_law_never_rewrites_an_older_case() -> None:
    older, newer = (chosen(PRESETS, "gb_ofcom", at(d)) for d in ("2026-04-07", "2026-04-08"))
    assert older
    assert newer
    assert (older.clocks[0].length, newer.clocks[0].length) == (56, 42)
    assert chosen(PRESETS, "gb_ofcom", at("1999-01-01")) is None


def test_every_preset_is_cited_and_dated_and_is_no_advice() -> None:
    assert "Not legal advice" in NOT_LEGAL_ADVICE
    for preset in PRESETS:
        assert preset.citation
        assert preset.jurisdiction
        assert preset.effective_from > date(1990, 1, 1)
        assert preset.verified_on is None, "nothing was checked against its source yet"


def test_presets_that_overlap_or_cannot_be_read_are_refused() -> None:
    row = """
- name: x
  title: X
  jurisdiction: GB
  sector: any
  timezone: Europe/London
  holidays: GB-ENG
  effective_from: 2020-01-01
  effective_to:
  citation: none
  verified_on:
  clocks: [{name: final, title: Final, length: 3, unit: days}]
"""
    assert len(read_presets(row)) == 1
    with pytest.raises(ValueError, match="twice at the same time"):
        read_presets(row + row)
    with pytest.raises(ValueError, match="not a number of"):
        read_presets(row.replace("unit: days", "unit: moons"))
    with pytest.raises(ValueError, match="cannot be read"):
        read_presets(row.replace("citation", "quotation"))


def test_adopted_presets_run_beside_the_targets_and_nothing_lets_them_stand() -> None:
    targets = shipped_sheet().targets
    sheet = Sheet({"a": Calendar()}, {"": "a"}, targets, [Adoption("gb_ofcom", "north", "fibre")])
    opened = at("2026-05-01 12:00")
    events = events_of(
        opened,
        [
            Event(at("2026-05-01 13:00"), EventKind.ANSWERED),
            Event(at("2026-05-02 12:00"), EventKind.WAITS_CUSTOMER),
        ],
    )
    now = at("2026-05-20 12:00")

    def law(region: str, product: str) -> list[datetime]:
        cases = Cases(["low"], ["gold"], [region], [product])
        readings = reckon(cases, events, [sheet], now).readings()
        return [r.due_at for r in readings if r.kind is ClockKind.REGULATOR]

    assert law("north", "fibre") == [at("2026-06-12 23:00")]
    assert law("south", "fibre") == law("north", "mobile") == []
    assert sheet.is_regulated("north", "fibre")
    assert not sheet.is_regulated("south", "fibre")


def test_what_a_regulator_sends_on_counts_from_there() -> None:
    sheet = Sheet({"a": Calendar()}, {"": "a"}, shipped_sheet().targets, [Adoption("us_cfpb")])
    opened, now = at("2026-05-01 12:00"), at("2026-06-30 12:00")
    referred = Event(at("2026-05-11 12:00"), EventKind.REFERRED)
    answered = Event(at("2026-05-20 12:00"), EventKind.ANSWERED)
    cases = Cases(["low"], [""], [""], [""])
    readings = reckon(cases, events_of(opened, [referred, answered]), [sheet], now).readings()
    law = {r.name: r for r in readings if r.kind is ClockKind.REGULATOR}
    response = law["Response (US consumer finance (CFPB))"]
    assert response.is_met
    assert response.due_at == at("2026-05-27 04:00")
    assert law["Final response (US consumer finance (CFPB))"].due_at == at("2026-07-11 04:00")
