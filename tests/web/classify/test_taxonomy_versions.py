"""The taxonomy is edited in a draft, previewed, published, and then the history follows."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from tests.people import People
from tests.web.arrivals import send
from tests.web.classify.unsure import causes, described
from tests.web.signals import signal

from amends.engine.contracts import Cause, write_taxonomy
from amends.web.cases.models import CaseRule
from amends.web.classify import publishing
from amends.web.classify import taxonomy_actions as edit
from amends.web.classify.in_force import classifier_in_force, taxonomy_in_force
from amends.web.classify.models import ConfirmedCause, HistoryRun, TaxonomyVersion
from amends.web.classify.previewing import make_preview
from amends.web.classify.taxonomies import draft
from amends.web.intake import accounting
from amends.web.intake.lake import lake
from amends.web.prevent.models import Fix
from amends.web.project import pipeline, rewriting

pytestmark = pytest.mark.django_db(transaction=True)
LATE, WRONG = "delivery/carrier_delay", "order/wrong_item"
SAID = {
    LATE: "The parcel is three days late and the courier does not come",
    WRONG: "You sent the wrong item",
}


@pytest.fixture
def history() -> Counter[str | None]:
    """Six signals whose causes the descriptions tell; return how many have each."""
    described()
    now = timezone.now()
    told = list(SAID.items())
    send(
        *[
            signal(
                external_id=f"S-{n}",
                kind="complaint",
                verbatim=f"{told[n % 2][1]} number {n}",
                resolution_code=told[n % 2][0],
                occurred_at=now - timedelta(days=n * 20),
            )
            for n in range(6)
        ]
    )
    pipeline.work_off()
    return Counter(causes().values())


def follow() -> int:
    """Let the history follow; return in how many steps."""
    n = 0
    while rewriting.rewrite_next():
        pipeline.work_off()
        n += 1
    return n


def publish(people: People, because: str = "It was agreed") -> TaxonomyVersion:
    make_preview(timezone.now())
    mine = draft()
    assert mine is not None
    return publishing.publish(people.analyst, mine.pk, because)


def test_merged_causes_move_and_the_figures_add_up(
    people: People, history: Counter[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "AT_ONCE", 2)
    gone, into = WRONG, LATE
    assert history == {LATE: 3, WRONG: 3}
    before = {row["signal_id"]: row["cause_confidence"] for row in rows()}
    edit.merge_causes(people.analyst, gone, into)
    preview = make_preview(timezone.now())
    assert preview is not None
    [pair] = preview["pairs"]
    recent = [n for n in range(6) if n * 20 < 90 and causes()[f"S-{n}"] == gone]
    assert (pair["old"], pair["new"], pair["n"]) == (gone, into, len(recent))
    assert gone in causes().values(), "nothing moves before it is published"
    publish(people)
    steps = follow()
    assert steps > 2, "a batch at a time"
    after = Counter(causes().values())
    assert after[into] == history[gone] + history[into]
    assert after[gone] == 0
    assert sum(after.values()) == sum(history.values())
    assert {row["signal_id"]: row["cause_confidence"] for row in rows()} == before
    run = HistoryRun.objects.get()
    assert (run.total, run.done, run.changed) == (history[gone],) * 3
    assert run.finished_at is not None
    classifier = classifier_in_force()
    assert classifier is not None
    assert gone not in classifier.causes
    assert taxonomy_in_force().version == "2"
    assert (accounting.gaps(), accounting.terms().unaccounted) == ([], 0)
    assert follow() == 0


def test_a_worker_that_dies_leaves_nothing_twice_or_undone(
    people: People, history: Counter[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "AT_ONCE", 1)
    gone, into = WRONG, LATE
    assert history == {LATE: 3, WRONG: 3}
    edit.merge_causes(people.analyst, gone, into)
    publish(people)
    assert rewriting.rewrite_next()
    with monkeypatch.context() as patch:
        patch.setattr(HistoryRun, "save", _die)
        with pytest.raises(KeyboardInterrupt):
            rewriting.rewrite_next()
    pipeline.work_off()
    follow()
    assert Counter(causes().values())[into] == history[gone] + history[into]
    assert HistoryRun.objects.get().changed == history[gone]


def _die(*_given: object, **_named: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("history")
def test_what_people_confirmed_follows_under_its_new_name(people: People) -> None:
    name = next(row["signal_id"] for row in rows())
    ConfirmedCause.objects.create(signal_id=name, cause=LATE, confirmed_at=timezone.now())
    edit.move_cause(people.analyst, "delivery", "service")
    publish(people)
    assert ConfirmedCause.objects.get().cause == f"service/{LATE}"
    follow()
    assert not any((path or "").startswith("delivery/") for path in causes().values())


def test_what_names_a_cause_by_its_path_follows(people: People) -> None:
    described()
    rule = CaseRule.objects.create(name="Late", cause="delivery", is_failure=True)
    fix = Fix.objects.create(
        name="Another carrier",
        cause=LATE,
        hypothesis="Fewer are late",
        proposed_at=timezone.now(),
    )
    edit.move_cause(people.analyst, "delivery", "service")
    publish(people)
    rule.refresh_from_db()
    fix.refresh_from_db()
    assert (rule.cause, rule.version) == ("service/delivery", 2)
    assert fix.cause == f"service/{LATE}"


@pytest.mark.usefixtures("history")
def test_a_split_cause_is_parted_by_what_its_parts_say(people: People) -> None:
    wrong = next(row for row in rows() if "wrong item" in row["verbatim"])
    late = next(row for row in rows() if "late" in row["verbatim"])
    for row in (wrong, late):
        ConfirmedCause.objects.create(
            signal_id=row["signal_id"], cause=LATE, confirmed_at=timezone.now()
        )
    parts = [
        Cause(f"{LATE}/courier", "Courier late", "The courier is days late and does not come."),
        Cause(f"{LATE}/sent", "Sent wrong", "You sent the wrong item."),
    ]
    edit.split_cause(people.analyst, LATE, parts)
    mine = draft()
    assert mine is not None
    assert mine.learns
    publish(people)
    given = {row.signal_id.hex: row.cause for row in ConfirmedCause.objects.all()}
    assert given == {late["signal_id"]: f"{LATE}/courier", wrong["signal_id"]: f"{LATE}/sent"}
    follow()
    assert LATE not in causes().values()
    told = {row["signal_id"]: row["cause"] for row in rows()}
    assert told[late["signal_id"]] == f"{LATE}/courier"


@pytest.mark.usefixtures("history")
def test_a_split_is_previewed_where_nobody_confirmed_anything(people: People) -> None:
    parts = [
        Cause(f"{LATE}/courier", "Courier late", "The courier is days late and does not come."),
        Cause(f"{LATE}/depot", "Lies in the depot", "It lies in a depot."),
    ]
    edit.split_cause(people.analyst, LATE, parts)
    preview = make_preview(timezone.now())
    assert preview is not None
    assert {pair["old"] for pair in preview["pairs"]} >= {LATE}
    assert preview["looked_at"] == preview["total"] == 5
    assert all(pair["signals"] for pair in preview["pairs"])


@pytest.mark.usefixtures("history")
def test_a_draft_is_published_as_it_was_previewed_and_with_a_reason(people: People) -> None:
    edit.retire_cause(people.analyst, "order/wrong_item", LATE)
    mine = draft()
    assert mine is not None
    for because, message in (("Agreed", "Look at what would move"), (" ", "Say why")):
        with pytest.raises(ValidationError, match=message):
            publishing.publish(people.analyst, mine.pk, because)
    make_preview(timezone.now())
    cause = taxonomy_in_force()["delivery"]
    edit.move_cause(people.analyst, LATE, "service")
    with pytest.raises(ValidationError, match="Look at what would move"):
        publishing.publish(people.analyst, mine.pk, "Agreed")
    with pytest.raises(PermissionDenied):
        edit.change_cause(people.manager, cause)
    edit.discard(people.analyst)
    assert draft() is None
    assert taxonomy_in_force().version == "1"
    with pytest.raises(ValidationError, match="gone"):
        publishing.publish(people.analyst, mine.pk, "Agreed")


def test_a_file_is_taken_in_when_no_cause_is_missing(people: People) -> None:
    described()
    tree = taxonomy_in_force()
    text = write_taxonomy(tree).replace("label: Carrier delay", "label: Carrier late")
    short = text.split("- key:", 1)[0] + "- {key: alone, label: Alone, description: d}\n"
    with pytest.raises(ValidationError, match="must go somewhere"):
        edit.import_taxonomy(people.analyst, short)
    with pytest.raises(ValidationError, match="not YAML"):
        edit.import_taxonomy(people.analyst, "{")
    edit.import_taxonomy(people.analyst, text)
    mine = draft()
    assert mine is not None
    assert (mine.version, mine.base) == ("2", "1")


def rows() -> list[dict[str, Any]]:
    found = lake().fetch(lake().signals()).to_pylist()
    return sorted(found, key=lambda row: row["external_id"])
