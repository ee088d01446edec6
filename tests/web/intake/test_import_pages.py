"""Importing in the browser: upload, mapping, dry run, progress, receipt."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from tests.people import People
from tests.web.intake.test_importing import lines

from amends.web.intake import jobs
from amends.web.intake.models import Import, ImportState, Source


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path / "uploads"
    return tmp_path / "uploads"


@pytest.fixture
def manager(people: People, client: Client) -> Client:
    client.force_login(people.manager)
    return client


def upload(client: Client, content: str | bytes, name: str = "complaints.csv") -> Import:
    data = content.encode() if isinstance(content, str) else content
    response = client.post("/signals/import/", {"file": SimpleUploadedFile(name, data)})
    assert response.status_code == 302, response.content.decode()
    return Import.objects.latest("pk")


def body(client: Client, found: Import) -> str:
    response = client.get(f"/signals/import/{found.pk}/")
    assert response.status_code == 200
    return str(response.content.decode().replace("\u00a0", " "))


def choose(client: Client, found: Import, **fields: str) -> int:
    data = {"source": "shop", "preset": "auto", **fields}
    return client.post(f"/signals/import/{found.pk}/mapping/", data).status_code


def test_from_upload_to_receipt(manager: Client, uploads: Path) -> None:
    found = upload(manager, lines(30, bad=(3,)))
    assert [(path.stat().st_mode & 0o777) for path in uploads.iterdir()] == [0o600]
    html = body(manager, found)
    for said in ("Complaint ID", "C-0", "The customer&#x27;s words", "When it happened", "30 rows"):
        assert said in html
    assert choose(manager, found) == 302
    jobs.rehearse_import(found.pk)
    html = body(manager, found)
    assert "Import 30 rows" in html
    assert "no date of the form that the column has" in html
    assert "1–28 Mar" in html or "28 Mar" in html
    answer = manager.post(f"/signals/import/{found.pk}/start/", {"remember": "on"})
    assert answer.status_code == 302
    assert "Waits its turn" in body(manager, found)
    jobs.carry_out_import(found.pk)
    found.refresh_from_db()
    assert (found.state, found.accepted, found.quarantined) == (ImportState.DONE, 29, 1)
    assert list(uploads.iterdir()) == []
    html = body(manager, found)
    assert "Show the signals" in html
    assert "&#x27;soon&#x27; is no date" in html
    assert manager.get("/signals/import/").content.decode().count("complaints.csv") == 1


def test_how_columns_are_read_is_remembered_for_the_next_file(manager: Client) -> None:
    head = "Ref,Day,Said\n"
    first = upload(manager, head + "".join(f"R{i},0{i}/02/2025,it was late\n" for i in range(1, 9)))
    assert "day/month/year" in body(manager, first)
    assert choose(manager, first, column_1="occurred_at:date:mdy") == 302
    jobs.rehearse_import(first.pk)
    manager.post(f"/signals/import/{first.pk}/start/", {"remember": "on"})
    source = Source.objects.get(name="shop")
    assert source.mapping["Day"] == "occurred_at:date:mdy"
    second = upload(manager, head + "R10,03/04/2025,late again and again\n", "june.csv")
    html = body(manager, second)
    assert "it is read as they were" in html
    assert 'value="shop"' in html
    assert "month/day/year" in html


def test_a_mapping_that_does_not_fit_is_refused_where_it_was_chosen(manager: Client) -> None:
    found = upload(manager, lines(5))
    response = manager.post(
        f"/signals/import/{found.pk}/mapping/",
        {"source": "Not A Name", "preset": "auto"},
    )
    assert response.status_code == 422
    response = manager.post(
        f"/signals/import/{found.pk}/mapping/",
        {"source": "shop", "preset": "auto", "column_2": "nps"},
    )
    assert response.status_code == 422
    assert "cannot be read as nps" in response.content.decode()
    found.refresh_from_db()
    assert found.state == ImportState.UPLOADED


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG image"),
        ("cut.parquet", b"PAR1abc", "Parquet file is broken"),
    ],
)
def test_what_cannot_be_read_is_refused_and_not_kept(
    manager: Client, uploads: Path, name: str, content: bytes, said: str
) -> None:
    response = manager.post("/signals/import/", {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not uploads.exists() or list(uploads.iterdir()) == []


def test_the_largest_size_is_said_and_kept(
    manager: Client, settings: Settings, uploads: Path
) -> None:
    settings.UPLOAD_MB = 1
    assert "at most 1.0 MB" in manager.get("/signals/import/").content.decode()
    big = SimpleUploadedFile("big.csv", b"x" * ((1 << 20) + 1))
    response = manager.post("/signals/import/", {"file": big})
    assert response.status_code == 422
    assert "amends import FILE" in response.content.decode()
    assert not uploads.exists()


def test_nothing_starts_before_its_dry_run_nor_after_it_was_cancelled(manager: Client) -> None:
    found = upload(manager, lines(5))
    manager.post(f"/signals/import/{found.pk}/start/")
    found.refresh_from_db()
    assert found.state == ImportState.UPLOADED
    manager.post(f"/signals/import/{found.pk}/cancel/")
    found.refresh_from_db()
    assert found.state == ImportState.CANCELLED
    jobs.carry_out_import(found.pk)
    found.refresh_from_db()
    assert (found.state, found.rows) == (ImportState.CANCELLED, 0)


@pytest.mark.django_db(transaction=True)
def test_giving_up_deletes_the_file(manager: Client, uploads: Path) -> None:
    found = upload(manager, lines(5))
    assert len(list(uploads.iterdir())) == 1
    manager.post(f"/signals/import/{found.pk}/cancel/")
    assert list(uploads.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_what_nobody_came_back_to_is_deleted_after_a_day(manager: Client, uploads: Path) -> None:
    kept, left = upload(manager, lines(5)), upload(manager, lines(6))
    old = timezone.now() - timedelta(days=1, minutes=1)
    Import.objects.filter(pk=left.pk).update(touched_at=old)
    jobs.look_after_imports(0)
    assert [path.name for path in uploads.iterdir()] == [kept.upload]
    assert Import.objects.get(pk=left.pk).state == ImportState.CANCELLED


def test_personal_data_do_not_reach_quarantine(manager: Client) -> None:
    content = "id,date,email,text\n" + "".join(
        f"A-{i},2025-01-0{i},jo{i}@x.example,call me at +49 30 1234567 {i}\n" for i in range(1, 9)
    )
    content += "A-9,soon jo@x.example,jo@x.example,mail jo@x.example\n"
    content += "A-10,jo@x.example\n"
    found = upload(manager, content)
    choose(manager, found)
    jobs.rehearse_import(found.pk)
    found.refresh_from_db()
    assert found.rehearsal
    assert found.rehearsal["quarantined"] == 2
    assert "jo@x" not in json.dumps(found.rehearsal)
    assert "A-9" in json.dumps(found.rehearsal)
