"""Files are taken in: every row accounted for, also when it is halted, repeated or at once."""

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from amends.connectors.files import columns, parquet
from amends.engine.contracts import BadInput
from amends.flows.importing import read_parts
from amends.web.intake import importing, room
from amends.web.intake.actions.imports import begin_or_go_on
from amends.web.intake.importing import BusyElsewhere, carry_out
from amends.web.intake.inbox import unpack
from amends.web.intake.models import (
    Arrival,
    Delivery,
    Identity,
    Import,
    ImportState,
    QuarantinedRow,
    Source,
)
from amends.web.intake.rehearsing import rehearse

pytestmark = pytest.mark.django_db

SOURCE = "shop"


def lines(n: int, *, bad: tuple[int, ...] = (), first: int = 0) -> str:
    rows = [
        f'C-{i},{"soon" if i in bad else f"2025-03-{i % 28 + 1:02}"},"The parcel {i} came late"'
        for i in range(first, first + n)
    ]
    return "\n".join(["Complaint ID,Date,Comment", *rows, ""])


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (columns, parquet):
        monkeypatch.setattr(module, "BATCH", 10)


def begin(
    path: Path, told: Mapping[str, str] | None = None, taken: frozenset[int] = frozenset()
) -> Import:
    return begin_or_go_on(path, source=SOURCE, preset="auto", mapping=told or {}, taken=taken)


def take_in(path: Path, told: Mapping[str, str] | None = None) -> Import:
    return carry_out(begin(path, told).pk, path, lambda _: None)


def counts(found: Import | Arrival) -> tuple[int, ...]:
    return (found.rows, found.accepted, found.duplicates, found.superseded, found.quarantined)


@pytest.mark.usefixtures("small_batches")
def test_a_file_is_taken_in_batch_by_batch_and_every_row_stands_in_the_ledger(
    tmp_path: Path,
) -> None:
    path = tmp_path / "complaints.csv"
    path.write_text(
        lines(25, bad=(3, 14)) + "ragged\n" + 'C-1,2025-03-02,"The parcel 1 came late"\n'
    )
    done = take_in(path)
    assert done.state == ImportState.DONE
    assert counts(done) == (27, 23, 1, 0, 3)
    assert [counts(arrival) for arrival in Arrival.objects.order_by("pk")] == [
        (10, 9, 0, 0, 1),
        (10, 9, 0, 0, 1),
        (7, 5, 1, 0, 1),
    ]
    assert sum(delivery.rows for delivery in Delivery.objects.all()) == 23
    assert Identity.objects.count() == 23
    assert Source.objects.get(name=SOURCE).way == "file"
    kept = QuarantinedRow.objects.order_by("row")
    assert [(row.row, row.field, row.source) for row in kept] == [
        (4, "Date", SOURCE),
        (15, "Date", SOURCE),
        (26, "", SOURCE),
    ]
    assert json.loads(kept[0].raw) == {
        "Complaint ID": "C-3",
        "Date": "soon",
        "Comment": "The parcel 3 came late",
    }
    assert kept[2].raw == "ragged"
    signals = unpack(bytes(Delivery.objects.earliest("pk").payload))
    assert signals["received_at"].null_count == 0


def test_the_same_file_again_is_all_duplicates_also_without_ids(tmp_path: Path) -> None:
    path = tmp_path / "words.jsonl"
    rows: list[dict[str, Any]] = [
        {"when": "2025-01-02", "text": f"it came late and broken {i}"} for i in range(5)
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    assert counts(take_in(path)) == (5, 5, 0, 0, 0)
    assert counts(take_in(path)) == (5, 0, 5, 0, 0)
    # neither the order of columns nor empty ones make another row of it
    turned = [{"extra": None, "text": row["text"], "when": row["when"]} for row in rows]
    path.write_text("\n".join(json.dumps(row) for row in turned))
    assert counts(take_in(path)) == (5, 0, 5, 0, 0)


@pytest.mark.usefixtures("small_batches")
def test_what_only_later_rows_have_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows: list[dict[str, Any]] = [
        {"id": f"A-{i}", "date": "2025-01-02", "text": f"it came late {i}"} for i in range(15)
    ]
    rows[13]["colour"] = "red"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    assert take_in(path).accepted == 15
    signals = unpack(bytes(Delivery.objects.latest("pk").payload))
    assert [("colour", "red")] in signals["attributes"].to_pylist()


class Killed(BaseException):
    pass


def killed_after(n: int) -> Any:
    def tell(found: Import) -> None:
        if found.rows >= n:
            raise Killed

    return tell


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_a_halted_import_goes_on_where_it_was(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"complaints.{kind}"
    rows = [
        {
            "id": f"A-{i}",
            "date": "soon" if i in {4, 24} else "2025-01-02",
            "text": f"late again {i}",
        }
        for i in range(35)
    ]
    if kind == "csv":
        path.write_text("id,date,text\n" + "\n".join(",".join(row.values()) for row in rows))
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=8)
    begun = begin(path)
    for done in (10, 20):
        with pytest.raises(Killed):
            carry_out(begun.pk, path, killed_after(done))
        again = begin(path)
        assert (again.pk, again.state) == (begun.pk, ImportState.RUNNING)
        assert again.rows >= done
    assert counts(carry_out(begun.pk, path, lambda _: None)) == (35, 33, 0, 0, 2)
    assert [row.row for row in QuarantinedRow.objects.order_by("row")] == [5, 25]
    assert sum(arrival.rows for arrival in Arrival.objects.all()) == 35
    assert begin(path).pk != begun.pk  # what is done is done


@pytest.mark.usefixtures("small_batches")
def test_cancelling_stops_between_batches_and_keeps_what_is_committed(tmp_path: Path) -> None:
    path = tmp_path / "complaints.csv"
    path.write_text(lines(40))

    def tell(found: Import) -> None:
        Import.objects.filter(pk=found.pk).update(state=ImportState.CANCELLED)

    done = carry_out(begin(path).pk, path, tell)
    assert (done.state, counts(done)) == (ImportState.CANCELLED, (10, 10, 0, 0, 0))


def test_it_waits_while_the_inbox_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    path = tmp_path / "complaints.csv"
    path.write_text(lines(5))
    take_in(path)
    path.write_text(lines(5, first=5))
    settings.MOST_WAITING = 4
    monkeypatch.setattr(room, "LOOKED_SECONDS", 0.0)
    held: list[Import] = []
    found = carry_out(begin(path).pk, path, held.append, patience=0)
    assert (found.state, found.is_held, found.rows) == (ImportState.RUNNING, True, 0)
    assert [each.is_held for each in held] == [True]

    def make_room(found: Import) -> None:
        if found.is_held:
            Delivery.objects.update(state="done")

    monkeypatch.setattr(room, "UNKNOWN_SECONDS", 0.01)
    done = carry_out(begin(path).pk, path, make_room)
    assert (done.state, done.is_held, done.accepted) == (ImportState.DONE, False, 5)


@pytest.mark.usefixtures("small_batches")
def test_a_file_that_breaks_off_fails_with_its_reason_and_keeps_what_came_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "complaints.csv"
    path.write_text(lines(30))
    begun = begin(path)
    whole = read_parts

    def broken(*args: Any, **kwargs: Any) -> Iterator[Any]:
        for number, part in enumerate(whole(*args, **kwargs)):
            if number == 2:
                raise BadInput("The gzip is damaged or cut off.", remedy="Copy it again.")
            yield part

    monkeypatch.setattr(importing, "read_parts", broken)
    with pytest.raises(BadInput):
        carry_out(begun.pk, path, lambda _: None)
    begun.refresh_from_db()
    assert (begun.state, begun.rows) == (ImportState.FAILED, 20)
    assert "damaged or cut off" in begun.error


def test_nothing_is_taken_in_of_a_file_that_is_read_wrongly(tmp_path: Path) -> None:
    path = tmp_path / "complaints.csv"
    path.write_text("id,when,text\n" + "".join(f"{i},2025-01-02,late {i}\n" for i in range(9)))
    told = {"id": "nps:score:20-30"}
    with pytest.raises(BadInput):
        take_in(path, told)
    assert not Arrival.objects.exists()
    assert Import.objects.get().state == ImportState.FAILED


ROWS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["1", "2", "3", "x"])),
    min_size=1,
    max_size=25,
)


@hypothesis_settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, ROWS)
def test_a_dry_run_says_what_then_becomes_of_the_rows(
    tmp_path: Path, before: list[tuple[str, str]], rows: list[tuple[str, str]]
) -> None:
    for model in (QuarantinedRow, Delivery, Arrival, Identity, Import):
        model.objects.all().delete()
    told = {"id": "external_id", "revision": "version:whole"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "BATCH", 6)
        for name, content in (("before", before), ("now", rows)):
            path = tmp_path / f"{name}.csv"
            table = [f"{row[0]},{row[1]},it came late" for row in content]
            path.write_text("\n".join(["id,revision,text", "z,1,it came late", *table]))
            said = rehearse(
                path, name=name, source=SOURCE, preset="auto", told=told, tick=lambda *_: None
            )
            done = take_in(path, told)
            assert (
                said.rows, said.accepted, said.duplicates, said.superseded, said.quarantined
            ) == counts(done)  # fmt: skip
            assert done.rows == len(content) + 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_batches")
def test_the_same_file_twice_at_once_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "complaints.csv"
    path.write_text(lines(300, bad=(7, 207)))
    barrier, failed = threading.Barrier(3), []

    def run() -> None:
        try:
            taken: frozenset[int] = frozenset()
            barrier.wait()
            while True:
                begun = begin(path, taken=taken)
                try:
                    carry_out(begun.pk, path, lambda _: None)
                except BusyElsewhere:
                    taken |= {begun.pk}
                else:
                    return
        except BaseException as error:  # noqa: BLE001  (told in the main thread)
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    done = list(Import.objects.all())
    assert {found.state for found in done} == {ImportState.DONE}
    assert sum(found.accepted for found in done) == Identity.objects.count() == 298
    assert sum(found.rows for found in done) == sum(a.rows for a in Arrival.objects.all())
    assert all(found.rows == 300 for found in done)
