"""Policy files: what is shipped is sound, what is broken is refused with file, row and column."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from amends.engine.contracts import BadInput
from amends.engine.recommend import (
    Policy,
    check,
    parse_table,
    read_table,
    require_sound,
    shipped_policy,
)
from amends.engine.recommend.policy import POLICIES
from amends.engine.recommend.policy_write import write_table

SHIPPED = sorted(POLICIES.glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_every_shipped_table_is_sound_tested_and_cited(path: Path) -> None:
    table = require_sound(read_table(path))
    assert table.name == path.stem
    assert table.examples
    assert table.about.citation
    assert parse_table(write_table(table)) == table
    if table.jurisdiction:
        assert "not legal advice" in table.about.note.lower()
        assert "(verify)" not in table.about.citation or table.about.verified_on is None


SMALL = """
policy: small
version: "1"
hit: first
inputs:
  - {name: loss, type: money, min: 0}
  - {name: severity, type: enum, values: [low, high]}
outputs: [{name: give, type: money}]
rows:
  - id: some
    when: {loss: ">= 20", severity: high}
    then: {give: 10}
  - id: none
    then: {give: 0.5 * loss}
tests:
  - {case: {loss: 30, severity: high}, expect: {give: 10}}
"""


def test_layout_and_notes_do_not_change_the_hash_but_every_decision_does() -> None:
    before = parse_table(SMALL).content_hash
    same = SMALL.replace(">= 20", ">=  20.00").replace(
        "then: {give: 10}", "then: {give: 10.0}\n    note: x"
    )
    assert parse_table(same).content_hash == before
    for old, new in [
        (">= 20", "> 20"),
        ("0.5 *", "0.4 *"),
        ("first", "unique"),
        ("min: 0", "min: 1"),
    ]:
        changed = SMALL.replace(old, new)
        assert parse_table(changed).content_hash != before


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        (">= 20", ">= many", ["row some", "column loss", "many"]),
        (">= 20", "0x20", ["row some", "column loss"]),
        ("severity: high}\n", "severity: urgent}\n", ["row some", "column severity", "urgent"]),
        ("severity: high}\n", "severity: '> low'}\n", ["row some", "column severity", "no order"]),
        ("severity: high}\n", "severity: is unknown}\n", ["row some", "severity", "never unknown"]),
        ("severity: high}\n", "severity: []}\n", ["row some", "severity", "list"]),
        ("severity: high}\n", "colour: red}\n", ["row some", "colour"]),
        ("{give: 10}", "{}", ["row some", "give"]),
        ("0.5 * loss", "0.5 * profit", ["row none", "column give", "profit"]),
        ("0.5 * loss", "half * loss", ["row none", "factor", "half"]),
        ("type: money, min: 0", "type: cash", ["column loss", "cash"]),
        ("values: [low, high]", "open: maybe", ["column severity", "open", "maybe"]),
        ("hit: first", "hit: last", ["hit", "last"]),
        ("id: none", "id: some", ["id of its own"]),
        ("expect: {give: 10}", "expect: {give: 11}", ["test 1", "give is 10", "expected 11"]),
        ("when: {loss", "when: {severity: low, severity: low, loss", ["severity", "twice"]),
        ("rows:", "rows: [", ["Not YAML"]),
        ('version: "1"', "version:", ["version"]),
        (">= 20", "between 5 and 1", ["row some", "lower and the higher"]),
        ("min: 0", "min: 5, max: 1", ["column loss", "above"]),
        ("hit: first", "hit: first\nsurprise: 1", ["surprise"]),
        ("id: some\n", "note: x\n", ["row 1", "id is missing"]),
    ],
)
def test_a_broken_table_names_file_row_and_column(
    tmp_path: Path, old: str, new: str, names: list[str]
) -> None:
    assert old in SMALL
    path = tmp_path / "mine.yaml"
    path.write_text(SMALL.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput) as refusal:
        read_table(path)
    for name in ["mine.yaml", *names]:
        assert name in str(refusal.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.yaml"):
        read_table(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match=r"binary\.yaml"):
        read_table(tmp_path / "binary.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(BadInput, match=r"list\.yaml"):
        read_table(tmp_path / "list.yaml")


def test_an_unknown_amount_is_never_multiplied() -> None:
    text = SMALL.replace("type: money, min: 0", "type: money, min: 0, optional: true")
    with pytest.raises(BadInput, match="may be unknown"):
        parse_table(text)


def test_the_day_of_receipt_chooses_the_version() -> None:
    policy = shipped_policy("telecoms", ("GB",), "GBP")
    names = {
        day: {t.name for t in policy.on(day).entitlements}
        for day in (date(2026, 3, 31), date(2026, 4, 1))
    }
    assert "entitlement_gb_ofcom" not in names[date(2026, 3, 31)]
    assert "entitlement_gb_ofcom" in names[date(2026, 4, 1)]
    with pytest.raises(BadInput, match="holds on 1999"):
        policy.on(date(1999, 1, 1))


def test_two_versions_on_one_day_are_refused() -> None:
    tables = shipped_policy().tables
    with pytest.raises(BadInput, match="both hold"):
        Policy((*tables, tables[0]))


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("limits", ("policy: limits", "policy: treats"), "no layer of the policy"),
        ("limits", ("name: limit,", "name: most,"), "limits decides limit"),
        ("limits", ("hit: collect-min", "hit: collect"), "limits decides limit"),
        ("eligibility", ("{action: none, share: 0}", "{action: none, share: 0.1 * loss}"), "plain"),
        ("practice", ("action: callback", "action: dance"), "no action"),
    ],
)
def test_a_table_that_is_no_layer_is_refused(name: str, change: tuple[str, str], says: str) -> None:
    text = (POLICIES / f"{name}.yaml").read_text(encoding="utf-8")
    text = text.partition("tests:")[0].replace(*change)
    text = text.replace("values: [none, apology,", "values: [none, dance, apology,")
    if "name: most" in text:
        text = text.replace("{limit: ", "{most: ")
    others = [t for t in shipped_policy().tables if t.name != name]
    with pytest.raises(BadInput, match=says):
        Policy((*others, parse_table(text))).on(date(2026, 1, 1))


def test_an_entitlement_never_looks_at_tier_or_value() -> None:
    path = POLICIES / "entitlement_contract.yaml"
    text = path.read_text(encoding="utf-8").partition("tests:")[0].replace("is_rejected", "is_vip")
    text = text.replace("entitlement_contract", "entitlement_x").replace("cause", "tier")
    with pytest.raises(BadInput, match="follows the harm"):
        Policy((*shipped_policy().tables, parse_table(text)))


def test_law_presets_are_chosen_by_sector_jurisdiction_and_currency() -> None:
    def entitlements(*scope: Any) -> set[str]:
        tables = shipped_policy(*scope).tables
        return {t.name for t in tables if t.name.startswith("entitlement")}

    assert entitlements() == {"entitlement_contract"}
    assert entitlements("telecoms", ("GB",)) == {"entitlement_contract", "entitlement_gb_ofcom"}
    assert entitlements("telecoms", ("GB",), "EUR") == {"entitlement_contract"}
    assert entitlements("air", ("GB", "EU")) == {
        *("entitlement_contract", "entitlement_eu261", "entitlement_uk261")
    }


def test_gaps_are_told_in_words() -> None:
    text = SMALL.replace(
        "  - id: none\n    then", '  - id: none\n    when: {loss: "> 50"}\n    then'
    )
    gaps = check(parse_table(text)).gaps
    assert any("severity = low" in gap for gap in gaps)
