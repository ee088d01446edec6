"""Playbooks and templates: what is read, what is refused, and that nothing is sent unfilled."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.contracts import BadInput, Money
from amends.engine.recommend.playbooks import (
    PARTS,
    SHIPPED,
    Template,
    fill,
    read_book,
    sample_values,
    shipped_book,
)

TEXT = SHIPPED.read_text(encoding="utf-8")
DAY = date(2026, 12, 1)


def template(name: str) -> Template:
    return shipped_book().template(name)


@pytest.mark.parametrize("name", [t.id for t in shipped_book().templates])
def test_every_template_says_all_four_in_every_language(name: str) -> None:
    one = template(name)
    assert {"en", "de"} <= set(one.texts)
    for language in one.texts:
        text = fill(one, language, sample_values(one, DAY))
        assert text.count("\n\n") == len(PARTS) - 1
        assert "{" not in text


@given(st.data())
def test_nothing_is_sent_with_a_hole(data: st.DataObject) -> None:
    one = template(data.draw(st.sampled_from([t.id for t in shipped_book().templates])))
    values = sample_values(one, DAY)
    name = data.draw(st.sampled_from(sorted(values)))
    wrong = data.draw(st.sampled_from([None, "", "  ", 25.0, "{hole}", "x" * 501]))
    if wrong is None:
        del values[name]
    else:
        values[name] = wrong  # type: ignore[assignment]
    with pytest.raises(BadInput):
        fill(one, "en", values)


def test_values_have_types_and_are_written_as_people_of_the_language_do() -> None:
    one = template("made_right")
    values = sample_values(one, DAY)
    values["amount"] = Money(Decimal("1234.5"), "EUR")
    assert "€1,234.50" in fill(one, "en", values)
    assert "1 December 2026" in fill(one, "en", values)
    assert "1.234,50 €" in fill(one, "de", values)
    assert "01.12.2026" in fill(one, "de", values)
    for name, wrong in (("amount", "25"), ("arrives_by", "soon"), ("customer", "A\nB")):
        with pytest.raises(BadInput, match=name):
            fill(one, "en", {**values, name: wrong})
    with pytest.raises(BadInput, match="no amount"):
        fill(one, "en", {**values, "amount": Money(Decimal(0), "EUR")})
    with pytest.raises(BadInput, match="Choose en, de"):
        fill(one, "fr", values)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  - id: heard\n", "  - id: did_it_hold\n", "two templates did_it_hold"),
        ("approval: finance", "approval: legal", "finance approves it"),
        ("{customer}, thank", "{client}, thank", "client is no placeholder"),
        ("Your case is {case}.", "", "case does not occur"),
        ("by {answer_by}. {agent}", "by {answer_by}. {agent} {", "a brace is left open"),
        ("        apologise: ", "        sorry: ", "in this order"),
        ("template: heard", "template: unheard", "no template unheard"),
        ("kind: task", "kind: dance", "no book of playbooks"),
        ("within_hours: 4,", "within_hours: 0,", "more than 0"),
        ("when: {severity:", "when: {mood:", "not at mood"),
        ("    causes: [delivery]\n", "", "names no causes"),
        ("id: trace", "id: heard", "two step of deliverys heard"),
        ("version:", "verson:", "no book of playbooks"),
        ("version:", "{", "no book of playbooks"),
    ],
)
def test_a_book_that_is_wrong_is_refused_with_a_reason(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(BadInput, match=said):
        read_book(TEXT.replace(old, new, 1))


def test_the_most_precise_playbook_is_followed() -> None:
    book = shipped_book()
    assert book.playbook_for("delivery/missed_slot").id == "delivery"
    assert book.playbook_for("delivery").id == "delivery"
    assert book.playbook_for("deliveryx/other").id == "every_case"
    assert book.playbook_for("").id == "every_case"
    more = TEXT.replace("causes: [delivery]", "causes: [delivery/lost_parcel]")
    assert read_book(more).playbook_for("delivery/missed_slot").id == "every_case"


def test_conditions_decide_which_steps_apply() -> None:
    steps = {s.id: s for s in shipped_book().playbook_for("").steps}
    assert steps["call"].applies({"severity": "high", "action": "apology"})
    assert not steps["call"].applies({"severity": "low", "action": "apology"})
    assert steps["credit"].applies({"action": "apology_credit"})
    assert not steps["credit"].applies({"action": "refund"})
    assert not steps["told"].applies({"action": "apology"})
