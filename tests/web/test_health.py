import socket
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from tests.people import People

from amends.engine.contracts import BadInput
from amends.web.intake.models import Arrival, Delivery, Way
from amends.web.project import assets, health, serve
from amends.web.project.findings import State
from amends.web.project.health import examine
from amends.web.project.serve import Door, check_port

pytestmark = pytest.mark.django_db


def state(name: str) -> State:
    (found,) = (f for f in examine() if f.name == name)
    assert found.remedy or found.state is State.WELL
    return found.state


def heartbeat(seconds_ago: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s)",
            [timezone.now() - timedelta(seconds=seconds_ago)],
        )


def test_what_a_new_installation_lacks_is_said(client: Client) -> None:
    assert [state(name) for name in ("Database", "Tables", "Jobs", "Data folder")] == ["well"] * 4
    assert state("Worker") is State.BROKEN
    assert state("People") is State.WARNING
    assert client.get("/readyz").json() == {"ready": True, "database": "well", "tables": "well"}


def test_a_worker_lives_while_its_heart_beats() -> None:
    heartbeat(600)
    assert state("Worker") is State.BROKEN
    heartbeat(5)
    assert state("Worker") is State.WELL


def test_a_job_that_failed_for_good_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) "
            "VALUES ('default', 'amends.x', 'doing') RETURNING id"
        )
        (job,) = cursor.fetchone() or (0,)
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = %s", [job])
    (found,) = (f for f in examine() if f.name == "Jobs")
    assert found.state is State.WARNING
    assert "amends.x" in found.what


def test_a_database_of_another_version_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "pending_migrations", lambda: ["accounts.0002_more"])
    assert state("Tables") is State.BROKEN
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["tables"] == "broken"
    assert client.get("/healthz").content == b"ok\n"  # the process itself lives


def test_a_lost_database_is_a_finding_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise DatabaseError("connection refused")

    monkeypatch.setattr(connection, "cursor", lost)
    found = {f.name: f for f in examine()}
    assert found["Database"].state is State.BROKEN
    assert "connection refused" in found["Database"].what


def test_little_space_and_a_broken_folder_are_found(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LITTLE_SPACE_MB", 10**9)
    assert state("Data folder") is State.WARNING
    (tmp_path / "file").write_text("")
    settings.AMENDS_HOME = tmp_path / "file"
    assert state("Data folder") is State.BROKEN


def test_static_files_of_another_version_are_found(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    assert state("Static files") is State.BROKEN
    (tmp_path / assets.FINGERPRINT).write_text(assets.fingerprint())
    assert state("Static files") is State.WELL


def test_the_pages_must_have_been_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finders, "find", lambda _name: None)
    with pytest.raises(BadInput, match="have not been built"):
        assets.prepare_static()


def test_administrators_see_the_same_as_the_doctor(people: People, client: Client) -> None:
    client.force_login(people.admin)
    for path in ("/system/", "/"):
        page = client.get(path).content.decode()
        assert "No worker is running" in page
    client.force_login(people.owner)
    assert "No worker" not in client.get("/").content.decode()


def test_pages_and_worker_refuse_tables_of_another_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(serve, "prepared", lambda _folder: nullcontext())
    monkeypatch.setattr(serve, "pending_migrations", lambda: ["accounts.0002_more"])
    monkeypatch.setattr(serve, "check_port", lambda _door: None)
    with pytest.raises(BadInput, match="another version") as refused:
        serve.run_web(tmp_path, Door())
    assert "amends migrate" in refused.value.remedy
    with pytest.raises(BadInput, match="another version"):
        serve.run_worker(tmp_path)


def test_a_taken_port_is_said_with_another_to_try() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"Port {port}") as refused:
            check_port(Door(port=port))
    assert f"--port {port + 1}" in refused.value.remedy
    check_port(Door(port=port))


def test_deliveries_that_failed_or_lie_about_are_told() -> None:
    hour_ago = timezone.now() - timedelta(hours=1)
    none = {"superseding": 0, "duplicates": 0, "superseded": 0, "quarantined": 0}
    line = Arrival.objects.create(
        source="crm", way=Way.API, received_at=hour_ago, rows=1, accepted=1, **none
    )
    delivery = Delivery.objects.create(
        source="crm", arrival=line, received_at=hour_ago, rows=1, payload=b""
    )
    assert state("Inbox") is State.WARNING
    delivery.state, delivery.error = "failed", "ValueError: no such column"
    delivery.save()
    (found,) = (f for f in examine() if f.name == "Inbox")
    assert found.state is State.BROKEN
    assert "crm" in found.what
    assert "no such column" in found.what


def test_a_lake_that_cannot_be_read_is_told(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    assert state("Lake") is State.WELL
    (tmp_path / "file").write_text("no lake")
    settings.AMENDS_LAKE = str(tmp_path / "file")
    assert state("Lake") is State.BROKEN
