"""One lake, two engines, the same answers: every read and verb on DuckDB and on Spark."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store import conformance
from tests.store.conformance import READS, answer, make_lake, run_verbs
from tests.store.lakes import START

from amends.engine.contracts import BadInput
from amends.store import Lake, open_lake, reads

SPARK = "local[2]"
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
EMPTY = {"no kind", "words with a backslash", "words with quotes", "words beyond ASCII"}


@pytest.fixture(scope="session")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(tmp_path_factory.mktemp("both"))


@pytest.fixture(scope="session")
def spark(duck: Lake) -> Lake:
    # A few hundred rows are answered before a compiler has warmed up.
    os.environ.setdefault("JAVA_TOOL_OPTIONS", QUICK_JAVA)
    return open_lake(duck.address, engine=SPARK)


@pytest.mark.parametrize("name", READS)
def test_spark_answers_as_duckdb_does(duck: Lake, spark: Lake, name: str) -> None:
    assert answer(spark, name) == answer(duck, name)
    assert answer(duck, name) or name in EMPTY


def test_every_read_is_compared() -> None:
    text = Path(conformance.__file__).read_text()
    named = [
        name
        for name, found in vars(reads).items()
        if not name.startswith("_") and getattr(found, "__module__", "") == reads.__name__
    ]
    assert [name for name in named if f"reads.{name}" not in text] == []


days = st.one_of(st.none(), st.integers(-3, 110).map(lambda n: START + timedelta(days=n)))


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "since": days,
            "until": days,
            "cause": st.sampled_from(["delivery", "delivery/late", "unsure", "none"]),
            "kinds": st.lists(st.sampled_from(["complaint", "survey", "note"]), max_size=3),
            "severity": st.sampled_from(["low", "critical"]),
            "search": st.text("latE %_ö?'\\\"", max_size=4),
            "customer_id": st.sampled_from(["c1", "o'c"]),
        },
    )
)
def test_both_engines_find_the_same_signals(duck: Lake, spark: Lake, asked: Any) -> None:
    one, other = (
        lake.fetch(reads.where(lake.signals(), **asked).select("signal_id", "version")).to_pylist()
        for lake in (duck, spark)
    )
    assert sorted(map(str, one)) == sorted(map(str, other))


def test_every_verb_does_the_same_whichever_engine_reads(spark: Lake, tmp_path: Path) -> None:
    assert run_verbs(tmp_path / "spark", spark.engine.name) == run_verbs(
        tmp_path / "duck", "duckdb"
    )


def test_a_folder_on_spark_may_have_any_usual_name(spark: Lake, tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "50% {ü, #1} o'clock")
    again = open_lake(lake.address, engine=spark.engine.name)
    assert again.fetch(again.signals().count())[0][0].as_py() == 900


def test_spark_says_that_it_reads_no_bucket(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    lake = open_lake((tmp_path / "far").as_uri(), engine=SPARK)
    with pytest.raises(BadInput, match="not in a bucket"):
        lake.fetch(lake.signals())


@pytest.mark.parametrize("setting", ["oracle", "local[two]", "spark://", "local[2]; rm", "yarn"])
def test_what_is_no_engine_is_refused(tmp_path: Path, setting: str) -> None:
    with pytest.raises(BadInput, match=r"AMENDS_ENGINE: .* is no engine"):
        open_lake(tmp_path, engine=setting)


CLUSTER = """
import sys
from pathlib import Path
from tests.store.conformance import READS, answer, open_lake, run_verbs
folder, verbs = map(Path, sys.argv[1:])
master = "local-cluster[2,1,1024]"
duck, spark = open_lake(folder), open_lake(folder, engine=master)
differ = [name for name in READS if answer(duck, name) != answer(spark, name)]
same = run_verbs(verbs / "duck", "duckdb") == run_verbs(verbs / "spark", master)
print(differ, same)
"""


def in_a_process(code: str, *given: str, **environment: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-c", code, *given],
        env={**os.environ, "PYTHONPATH": root, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_cluster_answers_as_duckdb_does(duck: Lake, tmp_path: Path) -> None:
    import pyspark  # noqa: PLC0415 - an extra

    # Workers of a local cluster write into the home of Spark: give them one.
    home = tmp_path / "home"
    home.mkdir()
    for part in Path(pyspark.__path__[0]).iterdir():
        (home / part.name).symlink_to(part)
    done = in_a_process(
        CLUSTER, duck.address, str(tmp_path), SPARK_HOME=str(home), JAVA_TOOL_OPTIONS=QUICK_JAVA
    )
    assert done.stdout.splitlines()[-1:] == ["[] True"], done.stderr


ASKING = """
import sys
from amends.store import open_lake
lake = open_lake(sys.argv[1], engine=sys.argv[2])
try:
    lake.fetch(lake.signals().count())
except ValueError as error:
    print(error)
"""


def test_without_java_spark_says_what_to_do(duck: Lake) -> None:
    done = in_a_process(ASKING, duck.address, SPARK, PATH="/nowhere", JAVA_HOME="")
    assert "There is no Java." in done.stdout
    assert "Install Java 17" in done.stdout


def test_without_pyspark_spark_says_what_to_do(duck: Lake) -> None:
    hidden = "import sys; sys.modules['pyspark'] = None\n" + ASKING
    done = in_a_process(hidden, duck.address, SPARK)
    assert "PySpark is not installed." in done.stdout
    assert "amends[spark]" in done.stdout
