"""What several commands understand alike."""

from amends.engine.contracts import BadInput


def mapping_of(pairs: list[str]) -> dict[str, str]:
    """Return what was told with --map: column → field.

    Raises
    ------
    BadInput
        A pair is none.

    """
    mapping = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not equals or not column:
            raise BadInput(
                f"{pair!r} is no mapping.",
                where="--map",
                remedy="Write COLUMN=FIELD, once a column.",
            )
        mapping[column] = field
    return mapping
