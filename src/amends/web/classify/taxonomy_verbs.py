"""What the page of the taxonomy can do to the draft: each verb by its name, from what was sent."""

from collections.abc import Callable, Mapping
from typing import Final

from django.core.exceptions import ValidationError
from django.http import QueryDict

from amends.engine.contracts import Cause
from amends.web.accounts.models import User
from amends.web.classify import taxonomy_actions
from amends.web.classify.taxonomy_forms import WordsForm, key_of


def _add(actor: User, _path: str, given: QueryDict) -> str:
    form = _words(given)
    parent = given.get("parent", "")
    cause = form.cause("/".join([*([parent] if parent else []), key_of(given.get("label", ""))]))
    taxonomy_actions.add_cause(actor, cause)
    return cause.path


def _reword(actor: User, path: str, given: QueryDict) -> str:
    taxonomy_actions.change_cause(actor, _words(given).cause(path))
    return path


def _merge(actor: User, path: str, given: QueryDict) -> str:
    taxonomy_actions.merge_causes(actor, path, given.get("into", ""))
    return given.get("into", "")


def _retire(actor: User, path: str, given: QueryDict) -> str:
    taxonomy_actions.retire_cause(actor, path, given.get("into", ""))
    return given.get("into", "")


def _move(actor: User, path: str, given: QueryDict) -> str:
    under = given.get("under", "")
    taxonomy_actions.move_cause(actor, path, under)
    key = path.rpartition("/")[2]
    return f"{under}/{key}" if under else key


def _split(actor: User, path: str, given: QueryDict) -> str:
    told = zip(given.getlist("part"), given.getlist("says"), strict=False)
    parts = [
        Cause(f"{path}/{key_of(label)}", label.strip(), says.strip())
        for label, says in told
        if label.strip()
    ]
    if any(not part.description for part in parts):
        raise ValidationError("Say of each part what it is: labels are parted by these words.")
    taxonomy_actions.split_cause(actor, path, parts)
    return path


def _words(given: QueryDict) -> WordsForm:
    form = WordsForm(given)
    if not form.is_valid():
        problems = [f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items()]
        raise ValidationError(" ".join(problems))
    return form


VERBS: Final[Mapping[str, Callable[[User, str, QueryDict], str]]] = {
    "add": _add,
    "reword": _reword,
    "merge": _merge,
    "retire": _retire,
    "move": _move,
    "split": _split,
}
"""Each does its part and returns the path of the cause to show then."""
