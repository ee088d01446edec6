import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from amends.connectors import pull_named
from amends.connectors.pulling import Asked, Page, Patience, Refused
from amends.engine.contracts import BadInput

QUICK = Patience(attempts=2, backoff_seconds=0.01, timeout_seconds=5)
START = datetime(2026, 3, 1, 12)  # noqa: DTZ001  (as tables hold them)


def ids(pages: list[Page]) -> list[Any]:
    return [record["external_id"] for page in pages for record in page.records]


@pytest.fixture
def table(tmp_path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.begin() as connection:
        connection.execute(
            sa.text("create table complaints (no text, changed datetime, words text, score int)")
        )
    return engine


def put(engine: sa.Engine, *rows: tuple[str, datetime | None, str]) -> None:
    values = [{"no": no, "changed": at and at.isoformat(" "), "words": w} for no, at, w in rows]
    with engine.begin() as connection:
        for value in values:
            connection.execute(sa.text("delete from complaints where no = :no"), value)
            statement = "insert into complaints values (:no, :changed, :words, 3)"
            connection.execute(sa.text(statement), value)


def pull_table(engine: sa.Engine, state: Any = None, **more: str) -> list[Page]:
    said = {
        "address": str(engine.url),
        "table": "complaints",
        "cursor": "changed",
        "key": "no",
        "page_rows": "3",
        **more,
    }
    return list(pull_named("sql").pages(Asked(said, {}, state or {}, QUICK)))


def test_a_table_is_read_in_the_order_of_its_changes(table: sa.Engine) -> None:
    hour = timedelta(hours=1)
    put(table, *((f"c{n}", START + n * hour, "late") for n in range(7, 0, -1)))
    first = pull_table(table)
    assert ids(first) == [f"c{n}" for n in range(1, 8)]
    assert [len(page.records) for page in first] == [3, 3, 1]
    assert first[0].records[0]["words"] == "late"
    put(table, ("c2", START + 9 * hour, "still late"), ("c8", START + 8 * hour, "new"))
    again = pull_table(table, first[-1].state)
    assert ids(again) == ["c7", "c8", "c2"]  # the border comes twice
    old = next(r for r in first[0].records if r["external_id"] == "c2")
    new = next(r for page in again for r in page.records if r["external_id"] == "c2")
    assert new["version"] > old["version"]  # type: ignore[operator]
    assert set(ids(first[:2]) + ids(pull_table(table, first[1].state))) >= {
        f"c{n}" for n in range(1, 9)
    }


def test_a_row_that_was_committed_late_or_has_no_time_is_not_lost(table: sa.Engine) -> None:
    put(table, ("a", START, "x"), ("b", None, "y"))
    first = pull_table(table)
    assert set(ids(first)) == {"a", "b"}
    put(table, ("late", START - timedelta(minutes=2), "z"))
    assert "late" in ids(pull_table(table, first[-1].state))


def test_a_running_number_serves_as_well(table: sa.Engine) -> None:
    with table.begin() as connection:
        connection.execute(sa.text("create table calls (n integer primary key, words text)"))
        connection.execute(sa.text("insert into calls values (1500, 'a'), (3000, 'b')"))
    first = pull_table(table, table="calls", cursor="n", key="n")
    assert ids(first) == [1500, 3000]
    assert "version" not in first[0].records[0]
    assert ids(pull_table(table, first[-1].state, table="calls", cursor="n", key="n")) == [3000]


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"table": "nothing"}, "no table or view"),
        ({"cursor": "nothing"}, "no column 'nothing'"),
        ({"address": "sqlserver://x"}, "address cannot be used"),
        ({"address": "nonsense"}, "address cannot be used"),
        ({"address": "postgresql://me:hunter2@db/x"}, "password in it"),
    ],
)
def test_what_a_table_lacks_is_said(table: sa.Engine, said: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        pull_table(table, **said)
    assert "hunter2" not in str(caught.value)


def write(folder: Path, name: str, text: str, seconds_ago: int = 60) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    at = time.time() - seconds_ago
    os.utime(path, (at, at))
    return path


def pull_folder(address: str, state: Any = None, **more: str) -> list[tuple[str, str]]:
    said = {"address": address, "pattern": "*", **more}
    secrets = {"secret_key": "secret"}
    seen = []
    for page in pull_named("folder").pages(Asked(said, secrets, state or {}, QUICK)):
        assert page.document is not None
        seen.append((page.document_name, page.document.read_text()))
        if state is not None:
            state.clear()
            state.update(page.state)
    return seen


def test_a_folder_gives_each_file_once_and_again_when_it_changed(tmp_path: Path) -> None:
    write(tmp_path, "b.csv", "id,text\n1,x\n", 300)
    write(tmp_path, "in/a.csv", "id,text\n2,y\n", 200)
    write(tmp_path, "c.csv.part", "half")
    write(tmp_path, ".hidden", "no")
    write(tmp_path, "fresh.csv", "id,text\n", 0)
    state: dict[str, object] = {}
    assert [name for name, _ in pull_folder(str(tmp_path), state)] == ["b.csv", "in/a.csv"]
    assert pull_folder(str(tmp_path), state) == []
    write(tmp_path, "b.csv", "id,text\n1,x\n3,z\n", 100)
    assert pull_folder(str(tmp_path), state) == [("b.csv", "id,text\n1,x\n3,z\n")]
    (tmp_path / "in/a.csv").unlink()
    write(tmp_path, "d.tsv", "id\ttext\n", 50)
    assert pull_folder(str(tmp_path), state, pattern="*.csv") == []
    assert [name for name, _ in pull_folder(str(tmp_path), state)] == ["d.tsv"]
    assert set(state["files"]) == {"b.csv", "d.tsv"}  # type: ignore[call-overload]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    for place in (str(tmp_path / "nowhere"), "relative/path"):
        with pytest.raises(BadInput, match="no such folder"):
            pull_folder(place)


def test_a_bucket_is_read_as_a_folder_is() -> None:
    import boto3  # noqa: PLC0415
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        there = {"endpoint": f"http://{host}:{port}", "region": "eu-west-1", "access_key": "key"}
        client = boto3.client(
            "s3",
            endpoint_url=there["endpoint"],
            region_name="eu-west-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",  # noqa: S106
        )
        where = {"LocationConstraint": "eu-west-1"}
        client.create_bucket(Bucket="exports", CreateBucketConfiguration=where)
        client.put_object(Bucket="exports", Key="crm/one.csv", Body=b"id,text\n1,x\n")
        client.put_object(Bucket="exports", Key="other/two.csv", Body=b"id,text\n2,y\n")
        state: dict[str, object] = {}
        place = "s3://exports/crm"
        assert pull_folder(place, state, **there) == [("one.csv", "id,text\n1,x\n")]
        assert pull_folder(place, state, **there) == []
        client.put_object(Bucket="exports", Key="crm/one.csv", Body=b"id,text\n1,x\n3,z\n")
        assert pull_folder(place, state, **there) == [("one.csv", "id,text\n1,x\n3,z\n")]
        with pytest.raises(Refused, match="no such folder or bucket"):
            pull_folder("s3://nothing/crm", {}, **there)
        client.close()
    finally:
        server.stop()
