"""Why a source gave nothing: it said no, or it will say yes later."""

from amends.engine.contracts import BadInput

STALE = frozenset({400, 404, 410, 422})
"""How services say that a cursor is too old or not theirs."""


class Refused(BadInput):
    """The source said no, and will until something is changed."""

    def __init__(self, what: str, *, status: int = 0, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.status = status

    @property
    def is_stale(self) -> bool:
        """Whether it may be the kept cursor that the source does not accept."""
        return self.status in STALE


class Later(BadInput):
    """The source did not answer, or asks for a pause; nothing has to be changed."""

    def __init__(self, what: str, *, where: str = "", retry_after_seconds: int = 0) -> None:
        super().__init__(what, where=where, remedy="It is tried again by itself.")
        self.retry_after_seconds = retry_after_seconds
        """How long the source asks for; 0 when it does not say."""
