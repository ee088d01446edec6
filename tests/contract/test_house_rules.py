"""House rules as tests: purity of the engine, size of files and functions, what locks may say."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "amends"
PYTHON_FILES = sorted(SOURCE.rglob("*.py"))

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
LONG_ON_PURPOSE: dict[str, str] = {}
"""Path, or path:function → the reason why it may be longer."""

CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "monotonic"),
    ("time", "perf_counter"),
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def attribute_calls(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            yield name, node.func.attr, node.lineno


@pytest.mark.parametrize("path", [p for p in PYTHON_FILES if "engine" in p.parts], ids=relative)
def test_the_engine_reads_no_clock_and_no_global_randomness(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        f"{relative(path)}:{line} {owner}.{name}()"
        for owner, name, line in attribute_calls(tree)
        if (owner, name) in CLOCKS
        or (owner == "random" and name not in {"Generator", "SeedSequence", "PCG64", "default_rng"})
    ]
    assert not found, "Pass the time or a numpy Generator in: " + ", ".join(found)


def test_everything_below_the_web_imports_without_django() -> None:
    modules = [
        "amends." + ".".join(p.relative_to(SOURCE).with_suffix("").parts)
        for p in PYTHON_FILES
        if p.relative_to(SOURCE).parts[0] in {"engine", "connectors", "store", "flows"}
        and p.name != "__init__.py"
    ]
    code = (
        "import sys, importlib\nsys.modules['django'] = None\n"
        f"for name in {modules!r}: importlib.import_module(name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_files_and_functions_stay_readable() -> None:
    too_long = []
    for path in (p for p in PYTHON_FILES if "migrations" not in p.parts):
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > MAX_FILE_LINES and relative(path) not in LONG_ON_PURPOSE:
            too_long.append(f"{relative(path)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                name = f"{relative(path)}:{node.name}"
                if length > MAX_FUNCTION_LINES and name not in LONG_ON_PURPOSE:
                    too_long.append(f"{name}: {length} lines")
    assert not too_long, too_long


def tracked_text() -> Iterator[tuple[str, str]]:
    names = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    for name in filter(None, names):
        path = ROOT / name
        if path.is_file():
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_no_file_names_a_machine_path_or_a_registry() -> None:
    machine = re.compile(r"(?<![\w.])/(root|work|home|farm|Users)/\w")
    registry = re.compile(
        "|".join(
            ("pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", '"resolved"' + ":")
        )
    )
    found = [
        f"{name}: {hit.group()}"
        for name, text in tracked_text()
        for pattern in (machine, registry)
        if (hit := pattern.search(text))
    ]
    assert not found, found
