"""What people do for the customer: take, change or skip an action, and undo that.

Money follows one rule: nobody gives more than policy lets them give alone, unless somebody else
whose authority suffices approves it. What is owed is never skipped and never paid twice.
"""

from decimal import Decimal
from typing import Final

from django.db.models import F, Sum
from django.utils import timezone

from amends.engine.clocks import EventKind
from amends.engine.contracts import ActionKind, Money
from amends.engine.recommend import money_words, to_do
from amends.engine.recommend.facts import ROLES
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import changing, mark_answered, standing, tell
from amends.web.cases.approvers import APPROVE_WITHIN, ask_approvers
from amends.web.cases.authority import Authority, Given, Option, authority_of
from amends.web.cases.facts import facts_of
from amends.web.cases.limits import alone_with, case_room_of, room_of
from amends.web.cases.models import (
    Action,
    ActionState,
    Case,
    Happening,
    Recommendation,
    State,
)
from amends.web.cases.payments import UNDO_WITHIN, make_payment, payment_of, withdraw
from amends.web.cases.transitions import RefusedError, require_move
from amends.web.recommend.queries import recommender

REASON_NEEDED: Final = "Say why: amends learns from it."


def take_action(actor: User, case: Case, version: int) -> Action:
    """Take what is recommended; above one's limit it waits for approval."""
    with changing(actor, case, version, do=Verb.ACTION_TAKE) as locked:
        require_move(locked, "decide")
        alone_with(actor)
        row = _recommended(locked)
        option = authority_in(actor, locked).option(ActionKind(row.kind), row.amount)
        if option is None:
            raise RefusedError(
                "Policy no longer allows what was recommended, since the case has changed. "
                "Choose another action."
            )
        return _decide(actor, locked, option, is_recommended=True)


def change_action(actor: User, case: Case, version: int, key: str, reason: str) -> Action:
    """Take another allowed action (`Option.key`) than the recommended one, with a reason."""
    with changing(actor, case, version, do=Verb.ACTION_TAKE) as locked:
        require_move(locked, "decide")
        if not reason.strip():
            raise RefusedError({"reason": REASON_NEEDED})
        alone_with(actor)
        options = {option.key: option for option in authority_in(actor, locked).options()}
        if key not in options:
            raise RefusedError(
                {"option": "Policy does not allow this here. Choose one of the list."}
            )
        return _decide(actor, locked, options[key], is_recommended=False, reason=reason)


def skip_action(actor: User, case: Case, version: int, reason: str) -> Action:
    """Do nothing for the customer, with a reason; what is owed cannot be skipped."""
    with changing(actor, case, version, do=Verb.ACTION_TAKE) as locked:
        require_move(locked, "decide")
        if not reason.strip():
            raise RefusedError({"reason": REASON_NEEDED})
        _require_undecided(locked)
        owed = _recommended(locked).owed - given_in(locked).owed
        if owed > 0:
            words = money_words(Money(owed, locked.currency))
            raise RefusedError(f"{words} is owed whatever else is done: it cannot be skipped.")
        action = Action.objects.create(
            case=locked,
            kind=ActionKind.NONE.value,
            currency=locked.currency,
            state=ActionState.SKIPPED,
            decided_at=timezone.now(),
            decided_by=actor,
            is_recommended=False,
            reason=reason.strip(),
        )
        _go_on(locked, actor)
        tell(locked, actor, Happening.ACTION, "Recommendation skipped", reason)
        return action


def undo_action(actor: User, case: Case, version: int) -> Action:
    """Take back one's own decision within `UNDO_WITHIN`: it is not carried out before that."""
    with changing(actor, case, version, do=Verb.CASE_READ) as locked:
        require_move(locked, "decide")
        action = standing(locked)
        if action is None or not may_undo(actor, action):
            raise RefusedError(
                "Only who decided can undo it, within a minute. Afterwards reopen the case or "
                "choose another action."
            )
        payment = payment_of(action)
        if payment is not None and not withdraw(payment, timezone.now()):
            raise RefusedError("Its money is on its way already: take it back instead.")
        action.state = ActionState.UNDONE
        action.save()
        tell(locked, actor, Happening.ACTION, f"Undone: {words_of(action)}")
        return action


def may_undo(actor: User, action: Action) -> bool:
    """Whether a decision is the actor's own and fresh enough to be taken back."""
    decided_by = action.approved_by_id or action.decided_by_id
    at = action.approved_at or action.decided_at
    return decided_by == actor.pk and timezone.now() - at <= UNDO_WITHIN


def authority_in(actor: User, case: Case) -> Authority:
    """Return what policy and limits let the actor do in a case (its customer is needed)."""
    facts, role = facts_of(case, case.customer), authority_of(actor)
    rooms = {}
    for above in ROLES[ROLES.index(role) + 1 :] if role else ():
        room = case_room_of(above, case)
        if room is not None:
            rooms[above] = room
    own = room_of(actor, role, case, timezone.now()) if role else None
    if own is not None:
        rooms[role] = own.amount
    return Authority(recommender().policy, facts, role, given_in(case), rooms)


def given_in(case: Case) -> Given:
    """Return what the customer got in this case already."""
    taken = case.actions.filter(state=ActionState.TAKEN)
    sums = taken.aggregate(goodwill=Sum(F("amount") - F("owed")), owed=Sum("owed"))
    return Given(sums["goodwill"] or Decimal(0), sums["owed"] or Decimal(0))


def words_of(action: Action) -> str:
    """Return an action as an instruction, verb first."""
    if action.state == ActionState.SKIPPED:
        return "Nothing"
    owed = Money(Decimal(action.owed), action.currency)
    goodwill = Money(Decimal(action.amount), action.currency) - owed
    return to_do(ActionKind(action.kind), goodwill, owed).rstrip(".")


def _decide(
    actor: User, case: Case, option: Option, *, is_recommended: bool, reason: str = ""
) -> Action:
    _require_undecided(case)
    action = Action.objects.create(
        case=case,
        kind=option.kind.value,
        amount=option.amount,
        owed=option.owed,
        currency=option.currency,
        state=ActionState.WAITING if option.approver else ActionState.TAKEN,
        decided_at=timezone.now(),
        decided_by=actor,
        is_recommended=is_recommended,
        reason=reason.strip(),
        approver=option.approver,
        expires_at=timezone.now() + APPROVE_WITHIN if option.approver else None,
    )
    _go_on(case, actor)
    words = words_of(action)
    if option.approver:
        tell(case, actor, Happening.ACTION, f"Sent for approval: {words}", reason)
        ask_approvers(action)
    else:
        make_payment(action, action.decided_at)
        mark_answered(case, actor)
        tell(case, actor, Happening.ACTION, words, reason, event=EventKind.ANSWERED)
    return action


def _go_on(case: Case, actor: User) -> None:
    """Work on it from here: what was decided is on its way."""
    if case.owner_id is None:
        case.owner = actor
    if case.state in {State.NEW, State.ACKNOWLEDGED}:
        case.state = State.IN_PROGRESS


def _require_undecided(case: Case) -> None:
    """Refuse a second decision; what waits may also be a reversal of before the case was reopened.

    At most one thing waits in a case: who approves means that one.
    """
    waiting = case.actions.filter(state=ActionState.WAITING).first()
    if waiting is not None:
        words = f"take back: {words_of(waiting)}" if waiting.reverses_id else words_of(waiting)
        raise RefusedError(f"This waits for approval already: {words}. Have it decided first.")
    decided = standing(case)
    if decided is None:
        return
    raise RefusedError(f"This was decided already: {words_of(decided)}.")


def _recommended(case: Case) -> Recommendation:
    row = Recommendation.objects.filter(case=case).first()
    if row is None:
        raise RefusedError(f"{case.ref} has no recommendation. Choose an action.")
    return row
