"""Docs are a tested contract: what they name exists, what exists is named."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amends.cli import app
from amends.engine.contracts import Kind, Severity

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    missing = [t for t in targets if not (path.parent / t).exists()]
    assert not missing, missing


def test_the_map_names_every_package() -> None:
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    packages = [
        p.parent.relative_to(ROOT / "src").as_posix()
        for p in (ROOT / "src").rglob("__init__.py")
        if "connectors/" not in p.parent.relative_to(ROOT / "src").as_posix()
    ]
    missing = [p for p in packages if f"`{p.removeprefix('amends/')}" not in text and p != "amends"]
    assert not missing, f"docs/map.md does not say what is in {missing}"


def test_the_map_names_nothing_that_is_gone() -> None:
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    paths = re.findall(r"^\| `([\w/.-]+)`", text, flags=re.MULTILINE)
    assert paths
    gone = [
        p for p in paths if not (ROOT / p).exists() and not (ROOT / "src" / "amends" / p).exists()
    ]
    assert not gone, gone


def test_every_trap_has_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "traps.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if "#" in line and line.startswith("|")]
    named = [re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row) for row in rows]
    assert all(named), "a trap without a test"
    gone = [
        f"{path}::{name}"
        for path, name in (pair for pairs in named for pair in pairs)
        if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert not gone, gone


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = [re.split(r"[><=!~\[]", w)[0] for w in wanted]
    text = (ROOT / "docs" / "decisions" / "dependencies.md").read_text(encoding="utf-8")
    missing = [n for n in names if f"| {n} |" not in text]
    assert not missing, missing


def test_the_glossary_has_every_enumerated_word() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    missing = [w.value for enum in (Kind, Severity) for w in enum if w.value not in text]
    assert not missing, missing


def test_every_command_of_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```$(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL))
    named = re.findall(r"^amends (worlds make|bench \w+|[a-z]+)", blocks, flags=re.MULTILINE)
    commands = {tuple(name.split()) for name in named}
    assert commands
    for command in commands:
        result = CliRunner().invoke(app, [*command, "--help"])
        assert result.exit_code == 0, command


def test_the_readme_starts_with_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 0 < text.index("make demo") < text.index("make test") < text.index("\n## ", 400)
