"""World files: those that are shipped, and those that are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from amends.engine.contracts import BadInput, starter_taxonomy
from amends.engine.worlds import read_world, world_names
from amends.engine.worlds.reading import COMPANIES

Change = Callable[[dict[str, Any]], None]


def test_three_worlds_are_shipped_and_use_their_whole_taxonomy() -> None:
    assert world_names() == ("bank", "retailer", "telco")
    for name in world_names():
        company = read_world(name).company
        leaves = {leaf.path for leaf in starter_taxonomy(company.taxonomy).leaves}
        assert set(company.causes) == leaves


def test_a_world_of_ones_own_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    data = yaml.safe_load((COMPANIES / "bank.yaml").read_text(encoding="utf-8"))
    data |= {"name": "mine", "breakdowns": [], "decoys": [], "fixes": []}
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    world = read_world(str(path))
    assert world.name == "mine"
    assert sum(len(c.labels) for c in world.simulate(50)) == 50


def test_an_unknown_world_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="bank, retailer, telco"):
        read_world("atlantis")


def set_to(*keys: str | int, value: object) -> Change:
    def change(data: dict[str, Any]) -> None:
        place: Any = data
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (set_to("colour", value="red"), "colour"),
        (set_to("products", "toys", "share", value="many"), "products"),
        (set_to("products", "toys", "share", value=-1), "products"),
        (set_to("period", "last", value="someday"), "period.last"),
        (set_to("period", "last", value="2020-01-01"), "period"),
        (set_to("country", value="Narnia"), "country"),
        (set_to("taxonomy", value="astrology"), "taxonomy"),
        (
            set_to(
                "causes", "delivery/teleport", value={"weight": 1, "stage": "a", "touchpoint": "b"}
            ),
            "causes",
        ),
        (set_to("causes", "delivery/lost_parcel", "loss", value=0), "delivery/lost_parcel.loss"),
        (
            set_to("causes", "product/size_fit", "products", value=["hats"]),
            "product/size_fit.products",
        ),
        (set_to("selection", "complains_with_loss", value=0.9), "complains_with_loss"),
        (set_to("selection", "note", value=1.5), "selection.note"),
        (set_to("breakdowns", 0, "cause", value="weather"), "breakdowns[0].cause"),
        (set_to("breakdowns", 0, "measure", value="joy"), "breakdowns[0].measure"),
        (set_to("breakdowns", 0, "ratio", value=0.5), "breakdowns"),
        (set_to("breakdowns", 0, "slice", value={"planet": "mars"}), "breakdowns[0].slice"),
        (set_to("breakdowns", 0, "slice", value={"region": "mars"}), "breakdowns[0].slice.region"),
        (
            set_to("breakdowns", 1, "slice", value={"product": "hats"}),
            "breakdowns[1].slice.product",
        ),
        (
            set_to("breakdowns", 2, "slice", value={"vendor": "bluevan"}),
            "breakdowns[2].slice.vendor",
        ),
        (set_to("breakdowns", 0, "last", value="2029-01-01"), "breakdowns[0]"),
        (set_to("breakdowns", 0, "name", value="refunds-stuck"), "name"),
        (set_to("decoys", 2, "slice", value={}), "decoys[2].slice"),
        (set_to("fixes", 0, "effect", value=0.5), "fixes"),
        (set_to("recovery", "tastes", value={}), "recovery.tastes"),
        (set_to("current", "breakdown", "cause", value="weather"), "current.breakdown.cause"),
        (set_to("current", "breakdown", "name", value="refunds-stuck"), "name"),
        (set_to("current", "fix", "days_before", value=0), "current.fix"),
        (set_to("outbreak", "slice", value={"vendor": "bluevan"}), "outbreak.slice.vendor"),
        (set_to("outbreak", "per_minute", value=-1), "outbreak.per_minute"),
        (
            set_to("vendors", "swiftpost", "regions", value={"moon": 1.0}),
            "vendors.swiftpost.regions",
        ),
    ],
)
def test_a_file_that_cannot_be_played_is_refused_by_field(
    tmp_path: Path, change: Change, field: str
) -> None:
    data = yaml.safe_load((COMPANIES / "retailer.yaml").read_text(encoding="utf-8"))
    change(data)
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_world(str(path))
    assert f"{refused.value.where} {refused.value.what}".count("bad.yaml") == 1
    assert field in f"{refused.value.where} {refused.value.what}"


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"name: [", "not YAML"), (b"\xff\xfe\x00", "UTF-8"), (b"- a\n", "object")],
)
def test_files_that_are_no_worlds_are_refused(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=what):
        read_world(str(path))


def test_a_grammar_that_lacks_a_cause_is_refused(tmp_path: Path) -> None:
    data = yaml.safe_load((COMPANIES / "retailer.yaml").read_text(encoding="utf-8"))
    data["grammar"] = "bank"
    path = tmp_path / "mute.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(BadInput, match="Nobody can tell of"):
        next(read_world(str(path)).simulate(10))
    data["grammar"] = "klingon"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(BadInput, match="no grammar"):
        next(read_world(str(path)).simulate(10))
