import os
import re
import stat
from pathlib import Path
from threading import Thread

import pytest

from amends.engine.contracts import BadInput
from amends.web.project.database import database_settings
from amends.web.project.environment import NAMES, find_home, read_environment
from amends.web.project.home import keep_secret_key, open_home, read_secret_key

INSTALL = Path(__file__).parents[2] / "docs" / "howto" / "install.md"


def test_the_defaults_are_the_safe_ones() -> None:
    environment = read_environment({})
    assert not environment.debug
    assert not environment.demo
    assert not environment.trust_proxy
    assert environment.live
    assert environment.allowed_hosts == ["127.0.0.1", "[::1]", "localhost"]
    assert environment.origin == "http://localhost:8000"


def test_one_address_tells_host_and_encryption() -> None:
    environment = read_environment({"AMENDS_URL": "https://amends.example.com/"})
    assert environment.is_https
    assert "amends.example.com" in environment.allowed_hosts
    assert environment.origin == "https://amends.example.com"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AMENDS_URL", "amends.example.com"),
        ("AMENDS_URL", "ftp://amends.example.com"),
        ("AMENDS_URL", "https://example.com/amends"),
        ("AMENDS_TIME_ZONE", "Mars/Olympus"),
        ("AMENDS_DEMO", "perhaps"),
        ("AMENDS_HSTS_SECONDS", "a year"),
        ("AMENDS_SECRET_KEY", "short"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_environment({name: value})
    assert refused.value.where == name
    assert refused.value.remedy


@pytest.mark.parametrize(
    "address", ["nonsense", "mysql://u:secret@h/d", "postgresql://u:secret@h/"]
)
def test_a_bad_database_address_is_refused_without_its_password(address: str) -> None:
    environment = read_environment({"DATABASE_URL": address})
    with pytest.raises(BadInput) as refused:
        database_settings(environment)
    assert refused.value.where == "DATABASE_URL"
    assert "secret" not in str(refused.value)


def test_a_database_address_is_taken_apart() -> None:
    address = "postgresql://u:p%40ss@db.example:5433/amends?sslmode=require"
    settings = database_settings(read_environment({"DATABASE_URL": address}))
    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == (
        "db.example",
        "5433",
        "amends",
    )
    assert (settings["USER"], settings["PASSWORD"]) == ("u", "p@ss")
    assert settings["OPTIONS"]["sslmode"] == "require"


def test_the_data_folder_is_the_named_one_then_the_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_home({"AMENDS_HOME": "there"}) == tmp_path / "there"
    if os.geteuid() != 0:
        assert find_home({"XDG_DATA_HOME": "/data"}) == Path("/data/amends")
    (tmp_path / "amends-data").mkdir()
    assert find_home({}) == tmp_path / "amends-data"


def test_every_variable_is_documented_and_none_is_invented() -> None:
    text = INSTALL.read_text(encoding="utf-8")
    assert set(re.findall(r"\b(?:AMENDS_[A-Z_]+|DATABASE_URL)\b", text)) == set(NAMES)


def test_a_data_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    home = open_home(tmp_path / "new" / "amends")
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert home.free_mb > 0


@pytest.mark.parametrize("place", ["file", "file/amends", "/proc/amends"])
def test_a_broken_data_folder_is_refused_with_what_to_do(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput) as refused:
        open_home(tmp_path / place)
    assert refused.value.where.endswith(place)
    assert "--home" in refused.value.remedy


def test_a_data_folder_that_may_not_even_be_looked_at_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)  # root, who may run this, is refused nothing
    with pytest.raises(BadInput, match="Permission denied"):
        open_home(tmp_path)


def test_the_secret_key_is_made_once_also_by_many_at_once(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    assert read_secret_key(tmp_path) == ""
    keys: list[str] = []
    threads = [Thread(target=lambda: keys.append(keep_secret_key(home))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert set(keys) == {read_secret_key(tmp_path)}
    assert len(keys[0]) >= 50
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.glob(".secret*")] == []


def test_an_empty_secret_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("")
    with pytest.raises(BadInput, match="empty"):
        keep_secret_key(open_home(tmp_path))
