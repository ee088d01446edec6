"""The verbs of a case as pages offer them: each with its address, its form and its button."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from amends.web.accounts.access import can
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases import actions, approving, forms, handoffs, remedies, reversing, scoping
from amends.web.cases.models import Case, Ground, Handoff, State
from amends.web.cases.transitions import is_possible

Does = Callable[[User, Case, int, Mapping[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Deed:
    """One verb: its name is its address, and its permission is that of its page."""

    name: str
    verb: Verb
    title: str
    button: str
    does: Does
    form: type[forms.CaseForm] = forms.CaseForm
    icon: str = "circle-dot"
    move: str = ""
    """The row of `transitions.MOVES` that says when it is possible."""
    sub: str = ""

    fits: Callable[[User, Handoff | None], bool] = lambda _person, _handoff: True
    """Whether the handoff that waits, if any, allows it to the person."""

    @property
    def is_direct(self) -> bool:
        """Whether a button does it, without asking anything."""
        return self.form is forms.CaseForm

    def is_for(self, person: User, case: Case, handoff: Handoff | None) -> bool:
        """Whether the person may do it to this case, as it and its waiting handoff are now."""
        is_allowed = can(person, self.verb, case) and is_possible(case, self.move)
        return is_allowed and self.fits(person, handoff)


def _close(person: User, case: Case, version: int, known: Mapping[str, Any]) -> None:
    actions.close(person, case, version, State(known["how"]), known["note"])


def _wait(person: User, case: Case, version: int, known: Mapping[str, Any]) -> None:
    actions.wait(person, case, version, State(known["whom"]), known["note"])


def _hand_over(person: User, case: Case, version: int, known: Mapping[str, Any]) -> None:
    story = handoffs.Story(known["summary"], known["promises"], known["next_step"])
    handoffs.hand_over(person, case, version, known["step"], story, known["team"])


def _exclude(person: User, case: Case, version: int, known: Mapping[str, Any]) -> None:
    scoping.exclude(person, case, version, Ground(known["ground"]), known["reason"])


def _resolve(person: User, case: Case, version: int, known: Mapping[str, Any]) -> None:
    cause = known.get("cause", "")
    actions.resolve(person, case, version, cause=cause, note=known["note"])


DEEDS: Final = (
    Deed(
        "acknowledge",
        Verb.CASE_WORK,
        "Acknowledge",
        "Acknowledge",
        lambda person, case, version, _: actions.acknowledge(person, case, version),
        icon="check",
        move="acknowledge",
    ),
    Deed(
        "start",
        Verb.CASE_WORK,
        "Start work",
        "Start work",
        lambda person, case, version, _: actions.start(person, case, version),
        icon="play",
        move="start",
    ),
    Deed(
        "answer",
        Verb.CASE_WORK,
        "Note a reply",
        "Note it",
        lambda person, case, version, known: actions.answer(person, case, version, known["text"]),
        forms.AnswerForm,
        "reply",
        "answer",
        "What the customer was told, by you or your telephone.",
    ),
    Deed(
        "resume",
        Verb.CASE_WORK,
        "Go on",
        "Go on",
        lambda person, case, version, _: actions.resume(person, case, version),
        icon="play",
        move="resume",
    ),
    Deed(
        "resolve",
        Verb.CASE_WORK,
        "Resolve",
        "Resolve",
        _resolve,
        forms.ResolveForm,
        "check-check",
        "resolve",
        "The customer has what was promised.",
    ),
    Deed(
        "follow-up",
        Verb.CASE_WORK,
        "Follow up",
        "Note it",
        lambda person, case, version, known: actions.follow_up(
            person, case, version, known["note"]
        ),
        forms.FollowUpForm,
        "phone",
        "follow_up",
        "Ask the customer whether it holds.",
    ),
    Deed(
        "close",
        Verb.CASE_WORK,
        "Close",
        "Close",
        _close,
        forms.CloseForm,
        "archive",
        "close",
        "Say how it ended for the customer.",
    ),
    Deed(
        "assign",
        Verb.CASE_WORK,
        "Assign",
        "Assign",
        lambda person, case, version, known: actions.assign(
            person, case, version, known["person_to"]
        ),
        forms.AssignForm,
        "user-plus",
        "assign",
        "Whoever owns it answers for its clock.",
    ),
    Deed(
        "wait",
        Verb.CASE_WORK,
        "Wait",
        "Wait",
        _wait,
        forms.WaitForm,
        "pause",
        "wait",
        "For the customer the resolution stands still; the customer of another team waits on.",
    ),
    Deed(
        "hand-over",
        Verb.CASE_WORK,
        "Hand over",
        "Ask them",
        _hand_over,
        forms.HandOverForm,
        "arrow-right-left",
        "hand_over",
        "It stays with you until the other team has accepted it.",
        lambda _, handoff: handoff is None,
    ),
    Deed(
        "accept",
        Verb.CASE_WORK,
        "Accept",
        "Accept",
        lambda person, case, version, _: handoffs.accept(person, case, version),
        icon="check",
        move="accept",
        fits=lambda person, handoff: handoff is not None and handoffs.may_answer(person, handoff),
    ),
    Deed(
        "return",
        Verb.CASE_WORK,
        "Return",
        "Return it",
        lambda person, case, version, known: handoffs.return_(
            person, case, version, known["reason"]
        ),
        forms.ReasonForm,
        "undo-2",
        "return",
        "It goes on where it came from.",
        lambda person, handoff: handoff is not None and handoffs.may_answer(person, handoff),
    ),
    Deed(
        "withdraw",
        Verb.CASE_WORK,
        "Withdraw",
        "Withdraw",
        lambda person, case, version, _: handoffs.withdraw(person, case, version),
        icon="x",
        move="withdraw",
        fits=lambda person, handoff: handoff is not None and handoffs.may_withdraw(person, handoff),
    ),
    Deed(
        "exclude",
        Verb.CASE_WORK,
        "Out of scope",
        "Put it out of scope",
        _exclude,
        forms.ExcludeForm,
        "ban",
        "exclude",
        "It is not ours to make right; the case keeps the reason.",
    ),
    Deed(
        "reopen",
        Verb.CASE_WORK,
        "Reopen",
        "Reopen",
        lambda person, case, version, known: actions.reopen(person, case, version, known["reason"]),
        forms.ReasonForm,
        "rotate-ccw",
        "reopen",
        "Its clock runs from now, and it needs a new decision.",
    ),
    Deed(
        "take",
        Verb.ACTION_TAKE,
        "Take the recommended action",
        "Start",
        lambda person, case, version, _: remedies.take_action(person, case, version),
        icon="check",
        move="decide",
    ),
    Deed(
        "change",
        Verb.ACTION_TAKE,
        "Do something else",
        "Do this instead",
        lambda person, case, version, known: remedies.change_action(
            person, case, version, known["option"], known["reason"]
        ),
        forms.ChangeForm,
        "list",
        "decide",
        "Everything that policy allows here.",
    ),
    Deed(
        "skip",
        Verb.ACTION_TAKE,
        "Skip the recommendation",
        "Skip it",
        lambda person, case, version, known: remedies.skip_action(
            person, case, version, known["reason"]
        ),
        forms.ReasonForm,
        "skip-forward",
        "decide",
        "Nothing is done for the customer.",
    ),
    Deed(
        "undo",
        Verb.CASE_READ,
        "Undo",
        "Undo",
        lambda person, case, version, _: remedies.undo_action(person, case, version),
        icon="undo-2",
        move="decide",
    ),
    Deed(
        "approve",
        Verb.ACTION_APPROVE,
        "Approve",
        "Approve",
        lambda person, case, version, _: approving.approve_action(person, case, version),
        icon="check",
        move="reverse",
    ),
    Deed(
        "refuse",
        Verb.ACTION_APPROVE,
        "Refuse",
        "Refuse",
        lambda person, case, version, known: approving.refuse_action(
            person, case, version, known["reason"]
        ),
        forms.ReasonForm,
        "x",
        "reverse",
        "Whoever asked can then choose something else.",
    ),
    Deed(
        "reverse",
        Verb.ACTION_TAKE,
        "Take money back",
        "Ask for approval",
        lambda person, case, version, known: reversing.reverse_action(
            person, case, version, known["reason"]
        ),
        forms.ReasonForm,
        "undo-2",
        "reverse",
        "It was a mistake, or went to the wrong customer. Somebody else approves it.",
    ),
    Deed(
        "send-again",
        Verb.ACTION_APPROVE,
        "Send the payment again",
        "Send again",
        lambda person, case, version, _: reversing.send_payment_again(person, case, version),
        icon="refresh-cw",
        move="reverse",
    ),
)
BY_NAME: Final = {deed.name: deed for deed in DEEDS}
HEADER: Final = ("acknowledge", "start", "resume", "resolve", "follow-up", "close")
"""What stands beside the title: the next step of the state machine."""
MORE: Final = ("answer", "wait", "hand-over", "exclude", "reopen")
