"""Signals as they are to be labelled under another version of the taxonomy.

Where causes only move, each label goes where its cause went and nothing else changes, so figures
add up to the digit. Where the classifier had to learn, every text is labelled again; what people
confirmed stays confirmed, under its new name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.classify import Classifier
from amends.engine.contracts import Change
from amends.flows.enriching import relabelled, with_causes
from amends.flows.learning import parted, split_in
from amends.web.classify.confirmed import confirmed_of


@dataclass(frozen=True, slots=True)
class Move:
    """From one version to the next; `classifier` is the one that learnt it, None: causes move."""

    change: Change
    classifier: Classifier | None
    is_published: bool = False
    """What people confirmed goes by its new names already."""

    def __call__(self, signals: pa.Table) -> pa.Table:
        """Return signals (`SIGNAL_SCHEMA`) as this version labels them."""
        if self.classifier is None:
            return _moved(signals, self.change)
        ids = signals["signal_id"].to_pylist()
        again = relabelled(signals, ids, self.classifier, self.change.taxonomy)
        return with_causes(again, self.confirmed(signals), self.change.taxonomy)

    def confirmed(self, signals: pa.Table) -> Mapping[str, str | None]:
        """Return what people confirmed of signals, under the names of this version."""
        given = dict(confirmed_of(signals["signal_id"].to_pylist()))
        if self.is_published:
            return given
        went = self.change.went
        parts = split_in(self.change)
        for leaf, own in parts.items():
            names = [name for name, path in given.items() if path == leaf]
            told = signals.filter(
                pc.is_in(signals["signal_id"], value_set=pa.array(names, pa.string()))
            )
            texts = pc.coalesce(told["verbatim"], told["subject"]).to_pylist() if names else []
            given |= dict(zip(told["signal_id"].to_pylist(), parted(texts, own), strict=True))
        return {
            name: path if path is None else went.get(path, path) for name, path in given.items()
        }


def _moved(signals: pa.Table, change: Change) -> pa.Table:
    before = signals["cause"].to_pylist()
    after = change.relabel(before)
    if before == after:
        return signals
    at = signals.schema.get_field_index("cause")
    return signals.set_column(at, "cause", pa.array(after, pa.string()))
