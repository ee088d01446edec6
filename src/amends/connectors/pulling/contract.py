"""The contract of a connector that pulls."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from amends.engine.contracts import BadInput

Record = Mapping[str, object]
State = Mapping[str, object]
"""Where to go on: plain JSON values, understood by the connector alone; empty at the beginning."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a person has to say about a source before it can be pulled."""

    name: str
    label: str
    hint: str = ""
    is_secret: bool = False
    is_required: bool = True
    kind: str = "text"
    """text, address (of a web server), date, or choice"""
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    is_place: bool = False
    """Whether it says what is pulled: another one starts from the beginning."""


SINCE: Final = Need(
    "since",
    "From which day on",
    "The first pull brings what changed since; empty for everything there is.",
    is_required=False,
    kind="date",
)
"""What every source that keeps history is asked."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one request is waited for and repeated before the pull is put off."""

    attempts: int = 4
    backoff_seconds: float = 1.0
    """Before the first repetition; doubled with each."""
    longest_wait_seconds: float = 30.0
    """A source that asks for a longer pause is pulled later instead."""
    timeout_seconds: float = 60.0
    """Without a byte from the source."""
    longest_job_seconds: float = 900.0
    """How long something that the source prepares is waited for, an export."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is pulled: what was said about the source, and where the last pull ended."""

    options: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    state: State = field(default_factory=dict)
    patience: Patience = Patience()

    def option(self, name: str) -> str:
        """Return what was said, without outer blanks; empty when nothing was."""
        return str(self.options.get(name) or "").strip()

    def secret(self, name: str) -> str:
        """Return a secret.

        Raises
        ------
        BadInput
            It was never entered.

        """
        found = self.secrets.get(name, "")
        if not found:
            raise BadInput(f"The {name} of this source is missing.", remedy="Enter it.")
        return found


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that its source has deleted."""

    external_id: str
    """As the signal has it that came of the record."""
    version: int
    """Since the deletion: a later change brings the record again."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a source answered at once, and where to go on once that is kept."""

    state: State
    records: Sequence[Record] = ()
    gone: Sequence[Gone] = ()
    """Records that the source has deleted since."""
    document: Path | None = None
    """A file to be read as any file is, instead of records; it is there until the next page."""
    document_name: str = ""
    """What messages call the file."""
    stays: bool = False
    """Whether the file stays where it came from: one that cannot be read is set aside then."""


@dataclass(frozen=True, slots=True)
class Pull:
    """A connector that pulls."""

    name: str
    title: str
    summary: str
    """What it brings, one sentence."""
    needs: tuple[Need, ...]
    pages: Callable[[Asked], Iterator[Page]]
    preset: str = ""
    """How its records are read; empty: as the Signal contract names fields, or as mapped."""
    mapping: Mapping[str, str] = field(default_factory=lambda: {"version": "version"})
    """What it adds to records besides the fields of its preset: column → field."""
    every_minutes: int = 15
    """How often it is pulled unless somebody says otherwise."""

    def told(self, mapping: Mapping[str, str]) -> dict[str, str]:
        """Return what is said of its columns: what somebody says, and what it adds."""
        said = set(mapping.values())
        return {c: field for c, field in self.mapping.items() if field not in said} | dict(mapping)


def held_out(condition: object, what: str, *, where: str = "", remedy: str = "") -> None:
    """Refuse what was said about a source unless the condition holds.

    Raises
    ------
    BadInput

    """
    if not condition:
        raise BadInput(what, where=where, remedy=remedy)
