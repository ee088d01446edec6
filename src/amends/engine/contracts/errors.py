"""The one error that people see: what happened, where, and what to do."""


class BadInput(ValueError):  # noqa: N818 - it names what was given, and reads so at every raise
    """Something that was given cannot be used; nothing has been lost or changed by it.

    Parameters
    ----------
    what
        What happened, one sentence.
    where
        File, row and field, as far as known.
    remedy
        What to do about it, one sentence.

    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(" ".join(part for part in (where and f"{where}:", what, remedy) if part))
