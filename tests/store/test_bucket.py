"""A lake in a bucket behind the S3 protocol (moto's server on 127.0.0.1): nothing of it is lost."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer
from tests.store.lakes import START, by_identity, some_signals

from amends.engine.contracts import BadInput
from amends.store import Lake, open_lake, reads

BUCKET = "amends-lake"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def address(
    server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "nothing that matters",
    }.items():
        monkeypatch.setenv(name, value)
    store = boto3.client("s3", endpoint_url=server)
    where = {"LocationConstraint": "eu-central-1"}
    if BUCKET not in {bucket["Name"] for bucket in store.list_buckets()["Buckets"]}:
        store.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    yield f"s3://{BUCKET}/{request.node.name}"
    store.close()


def count(lake: Lake) -> int:
    return int(lake.fetch(lake.signals().count())[0][0].as_py())


def test_every_verb_works_in_a_bucket(address: str) -> None:
    lake, signals = open_lake(address), some_signals(120)
    assert lake.append(signals, delivery=1)
    assert not open_lake(address).append(signals, delivery=1)
    place = signals.schema.get_field_index("version")
    newer = signals.slice(0, 20).set_column(place, "version", pa.array([2] * 20, pa.int32()))
    assert lake.append(newer, delivery=2)
    assert lake.remove_superseded(newer.select(["signal_id", "version"])) == 20
    back = lake.by_id(newer["signal_id"].to_pylist())
    assert by_identity(back.drop_columns(["delivery"])) == by_identity(newer)
    late = reads.where(lake.signals(), since=START + timedelta(days=50), search="late")
    assert 0 < count_of(lake, late) < 120
    assert lake.compact() > 0
    assert lake.vacuum(keep_hours=0) > 0
    assert lake.remove_signals(signals["signal_id"].to_pylist()[:5]) == 5
    assert sum(lake.counts(["day", "kind"])["n"].to_pylist()) == count(lake) == 115
    assert count_of(lake, reads.where(lake.signals(), ids=back["signal_id"].to_pylist())) == 15


def count_of(lake: Lake, signals: Any) -> int:
    return int(lake.fetch(signals.count())[0][0].as_py())


def test_two_writers_at_once_each_land_once(address: str) -> None:
    open_lake(address)
    failed: list[Exception] = []

    def write(own: int) -> None:
        try:
            lake = open_lake(address)
            for delivery in (own, own + 1, 7):
                lake.append(some_signals(10, first=10 * delivery), delivery=delivery)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test tells
            failed.append(error)

    threads = [threading.Thread(target=write, args=(own,)) for own in (1, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failed == []
    assert count(open_lake(address)) == 50


def test_a_bucket_that_is_not_there_says_so(address: str) -> None:
    with pytest.raises(BadInput, match="cannot be opened"):
        open_lake(address.replace(BUCKET, "nowhere"))
