from datetime import date

import pytest

from amends.engine.clocks import ClockKind, SheetError, read_sheet, shipped_sheet, shipped_text
from amends.engine.contracts import Severity

OFFICE = """
calendars:
  always:
  office: {timezone: Europe/Dublin, holidays: IE, closed_on: [2026-12-24],
           week: {mon-thu: "09:00-12:30, 13:30-17:30", fri: "09:00-15:00"}}
regions: {"": always, north: office}
targets:
  - {clock: first_response, hours: 8}
  - {clock: first_response, severity: critical, hours: 1, calendar: always}
  - {clock: first_response, tier: gold, hours: 4}
  - {clock: first_response, tier: gold, region: north, hours: 3}
  - {clock: resolution, hours: 40}
  - {clock: handoff, hours: 2.5}
"""


def test_the_shipped_sheet_times_every_case() -> None:
    sheet = shipped_sheet()
    for severity in Severity:
        for clock in (ClockKind.FIRST_RESPONSE, ClockKind.UPDATE, ClockKind.RESOLUTION):
            assert sheet.target(clock, severity, "", "") is not None
    assert [step.to for step in sheet.escalation] == ["lead", "manager", "executive"]


def test_the_most_precise_target_counts() -> None:
    sheet = read_sheet(OFFICE)

    def minutes(severity: str, tier: str, region: str) -> int:
        target = sheet.target(ClockKind.FIRST_RESPONSE, severity, tier, region)
        assert target is not None
        return target.minutes

    assert minutes("low", "", "") == 480
    assert minutes("low", "gold", "south") == 240
    assert minutes("low", "gold", "north") == 180
    assert minutes("critical", "gold", "south") == 60, "severity counts before tier"
    assert sheet.target(ClockKind.UPDATE, "low", "", "") is None
    assert sheet.calendar_of("north").week[4] == ((540, 900),)
    assert sheet.calendar_of("north").closed_on == (date(2026, 12, 24),)
    assert sheet.calendar_of("south").is_always


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("hours: 8}", "hours: soon}", "targets, row 1: 'soon' is no number of hours"),
        ("hours: 8}", "hours: .001}", "whole minutes"),
        ("hours: 8}", "hours: .inf}", "no number of hours"),
        ("hours: 8}", "minutes: 8}", "there is no minutes here"),
        ("north: office", "north: moon", "there is no calendar 'moon'"),
        ('"": always, ', "", "all regions that are not named"),
        ("Europe/Dublin", "Europe/Atlantis", "no time zone"),
        ("holidays: IE", "holidays: QQ", "No holidays are known"),
        ("mon-thu", "moonday", "is no day"),
        ("09:00-12:30,", "9-12", "are no hours like"),
        ("09:00-12:30,", "09:00-14:30,", "not one after the other"),
        ("severity: critical", "severity: purple", "severity is one of"),
        ("clock: handoff", "clock: regulator", "clock is one of"),
        ("clock: handoff", "clock: update", "handoff has none for every case"),
        (", tier: gold, hours: 4", ", hours: 4", "row 1 says it already"),
        ("targets:", "goals:", "A sheet has no goals"),
        ("calendars:", "calendars: [", "This is no YAML"),
        ("targets:", "regulators: [{preset: atlantis}]\ntargets:", "there is no preset"),
        ("targets:", "pauses_for: [weather]\ntargets:", "customer and team"),
        ("targets:", "escalation: [{to: mother, after_hours: 1}]\ntargets:", "it goes to lead"),
        ("targets:", "waking: never\ntargets:", "no calendar 'never'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(old: str, new: str, told: str) -> None:
    assert old in OFFICE
    with pytest.raises(SheetError, match=told):
        read_sheet(OFFICE.replace(old, new, 1))
    with pytest.raises(SheetError):
        read_sheet("- a list")


def test_the_shipped_text_is_what_is_shipped() -> None:
    assert read_sheet(shipped_text()) == shipped_sheet()
