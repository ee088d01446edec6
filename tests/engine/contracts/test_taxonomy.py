from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.contracts import (
    BadInput,
    Cause,
    Change,
    Taxonomy,
    add,
    merge,
    move,
    parse_taxonomy,
    read_taxonomy,
    retire,
    reword,
    split,
    starter_taxonomies,
    starter_taxonomy,
    write_taxonomy,
)

RETAIL = starter_taxonomy("retail")
DEEP = "".join(f"[{{key: {k}, label: {k}, description: d, causes: " for k in "abc")
DEEP += "[{key: d, label: d, description: d}]" + "}]" * 3
LEAVES = [leaf.path for leaf in RETAIL.leaves]


def totals(paths: list[str | None]) -> int:
    return sum(path is not None for path in paths)


def test_merged_causes_keep_their_words_and_their_history() -> None:
    first, second = LEAVES[:2]
    change = merge(RETAIL, [first], into=second)
    assert first not in change.taxonomy
    assert change.relabel([first, second, None]) == [second, second, None]
    joined = change.taxonomy[second]
    assert RETAIL[first].label in joined.synonyms
    assert set(RETAIL[first].resolution_codes) <= set(joined.resolution_codes)
    assert change.taxonomy.version == "2"


def test_a_split_cause_becomes_a_branch_and_is_to_be_looked_at() -> None:
    path = LEAVES[0]
    parts = [Cause(f"{path}/{k}", k, "A part of what it was.") for k in ("here", "there")]
    change = split(RETAIL, path, parts)
    assert {f"{path}/here", f"{path}/there"} <= {leaf.path for leaf in change.taxonomy.leaves}
    assert change.relabel([path]) == [f"{path}/here"]
    assert change.to_review == (f"{path}/here",)


def test_a_moved_branch_takes_what_hangs_on_it() -> None:
    first, other, *_ = dict.fromkeys(c.parent for c in RETAIL.causes if c.parent)
    leaf = next(c.path for c in RETAIL.causes if c.parent == first)
    change = move(RETAIL, leaf, under=other)
    assert change.relabel([leaf]) == [f"{other}/{leaf.rpartition('/')[2]}"]
    everything = move(RETAIL, first, under=other)
    assert everything.taxonomy[f"{other}/{leaf}"].label == RETAIL[leaf].label


def test_a_retired_cause_leaves_its_history_to_another() -> None:
    change = retire(RETAIL, LEAVES[0], into=LEAVES[1])
    assert change.relabel([LEAVES[0]]) == [LEAVES[1]]
    assert RETAIL[LEAVES[0]].label not in change.taxonomy[LEAVES[1]].synonyms
    assert change.to_review == (LEAVES[1],)


def test_a_branch_that_nothing_hangs_on_goes() -> None:
    small = Taxonomy(
        "s", "S", "1.9", (Cause("a", "A", ""), Cause("a/x", "X", ""), Cause("b", "B", ""))
    )
    change = merge(small, ["a/x"], into="b")
    assert [c.path for c in change.taxonomy.causes] == ["b"]
    assert change.taxonomy.version == "1.10"


def changed(taxonomy: Taxonomy, kind: str, one: str, other: str, step: int) -> Change:
    if kind == "merge":
        return merge(taxonomy, [one], into=other)
    if kind == "retire":
        return retire(taxonomy, one, into=other)
    if kind == "move":
        return move(taxonomy, one, under=taxonomy[other].parent)
    return split(taxonomy, one, [Cause(f"{one}/{k}{step}", f"{k} {step}", "") for k in "pq"])


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_whatever_is_changed_the_history_adds_up(data: st.DataObject) -> None:
    history = data.draw(st.lists(st.sampled_from([*LEAVES, None]), max_size=40))
    whole: Change | None = None
    taxonomy = RETAIL
    for step in range(data.draw(st.integers(1, 5))):
        leaves = [leaf.path for leaf in taxonomy.leaves]
        pair = st.lists(st.sampled_from(leaves), min_size=2, max_size=2, unique=True)
        one, other = data.draw(pair)
        kind = data.draw(st.sampled_from(["merge", "split", "move", "retire"]))
        try:
            change = changed(taxonomy, kind, one, other, step)
        except (BadInput, ValueError):
            continue
        whole = change if whole is None else whole.then(change)
        taxonomy = change.taxonomy
    if whole is None:
        return
    now = whole.relabel(history)
    assert totals(now) == totals(history)
    assert set(now) - {None} <= {leaf.path for leaf in whole.taxonomy.leaves}
    # what was together stays together: each old cause has one new one
    pairs = set(zip(history, now, strict=True))
    assert len({old for old, _ in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: merge(RETAIL, ["no/such"], into=LEAVES[0]), "no cause no/such"),
        (lambda: merge(RETAIL, [LEAVES[0]], into=LEAVES[0]), "with itself"),
        (lambda: merge(RETAIL, [LEAVES[0].split("/")[0]], into=LEAVES[1]), "is a branch"),
        (lambda: split(RETAIL, LEAVES[0], []), "fewer than two parts"),
        (lambda: split(RETAIL, LEAVES[0], [Cause("x", "X", "")] * 2), "cannot be split"),
        (lambda: move(RETAIL, LEAVES[0].split("/")[0], under=LEAVES[0]), "hang on itself"),
        (lambda: move(RETAIL, LEAVES[0], under=LEAVES[1]), "not a branch"),
        (lambda: retire(RETAIL, LEAVES[0], into=LEAVES[0]), "into itself"),
    ],
)
def test_changes_that_make_no_sense_are_refused(change: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        change()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (
            "[{key: a, label: A, description: d}, {key: b, label: 'a ', description: d}]",
            "both called",
        ),
        (
            "[{key: a, label: A, description: d}, {key: a, label: B, description: d}]",
            "stands twice",
        ),
        ("[&x {key: a, label: A, description: d, causes: [*x]}]", "round in a circle"),
        (
            DEEP,
            "deeper than 3",
        ),
        ("[{key: a, label: A}]", "description"),
        ("[late]", "not a taxonomy"),
        ("[", "not YAML"),
    ],
)
def test_files_that_are_no_taxonomy_are_refused(tmp_path: Path, tree: str, message: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(f"name: own\ntitle: Own\nversion: 1\ncauses: {tree}\n")
    with pytest.raises(ValueError, match=message):
        read_taxonomy(file)


def test_a_taxonomy_is_written_as_it_is_read() -> None:
    for name in starter_taxonomies():
        taxonomy = starter_taxonomy(name)
        assert parse_taxonomy(write_taxonomy(taxonomy)) == taxonomy


def test_a_cause_is_added_and_reworded_and_nothing_moves() -> None:
    new = Cause("delivery/drone", "Drone lost it", "The drone never came.", ("The drone fell",))
    change = add(RETAIL, new)
    assert change.taxonomy["delivery/drone"] == new
    assert all(old == to for old, to in change.went.items())
    assert len(change.taxonomy.leaves) == len(RETAIL.leaves) + 1
    renamed = reword(change.taxonomy, replace(new, label="Drone went astray"))
    assert renamed.taxonomy.label("delivery/drone") == "Drone went astray"
    with pytest.raises(BadInput, match="already"):
        add(change.taxonomy, new)
    with pytest.raises(BadInput, match="both called"):
        add(change.taxonomy, replace(new, path="delivery/other"))
    with pytest.raises(BadInput, match="not a branch"):
        add(RETAIL, replace(new, path=f"{LEAVES[0]}/deeper"))


def test_branches_are_called_by_where_all_their_leaves_went() -> None:
    moved = move(RETAIL, "delivery", under="service").renamed()
    assert moved["delivery"] == "service/delivery"
    assert moved["delivery/carrier_delay"] == "service/delivery/carrier_delay"
    assert "service" not in moved
    one, other = [leaf for leaf in LEAVES if leaf.startswith("delivery/")][:2]
    assert merge(RETAIL, [one], into=other).renamed() == {one: other}
    parts = [Cause(f"{one}/{key}", key, "A part of it.") for key in ("a", "b")]
    assert split(RETAIL, one, parts).renamed() == {}
