"""Twelve months of a company through the real pipeline, and what its people did about them."""

import multiprocessing as mp
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess as Process
from multiprocessing.synchronize import Event
from typing import Final

import pghistory
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.db.models import Sum

from amends.engine.contracts import CaseFacts, Kind
from amends.engine.recommend import LogRecord, dump_state
from amends.engine.worlds import Truth
from amends.flows.aftermath import outcome_signals
from amends.flows.staff import Worked, work
from amends.web.accounts.demo import make_demo_people
from amends.web.accounts.models import Team
from amends.web.alerts.demo import make_demo_alerting
from amends.web.cases.models import Case, Route, State
from amends.web.cases.opening import link_to_breakdown
from amends.web.cases.recommending import known_facts, lessons, record_of
from amends.web.classify.in_force import put_in_force, taxonomy_in_force
from amends.web.detect import watching
from amends.web.detect.jobs import study_budget
from amends.web.detect.models import Breakdown
from amends.web.intake.bulk import copy_in
from amends.web.intake.lake import lake
from amends.web.intake.models import Customer, Delivery, DeliveryState
from amends.web.prevent.costing import price_causes
from amends.web.prevent.models import Fix
from amends.web.prevent.verifying import verify_fixes
from amends.web.project import pipeline
from amends.web.project.demo.between_teams import hand_some_over, make_responsibilities
from amends.web.project.demo.record import DemoRecord
from amends.web.project.demo.rehearsal import Rehearsed, world_of
from amends.web.project.demo.sources import receive_by_source
from amends.web.project.demo.worked import keep_worked, was_worked
from amends.web.recommend.models import Learned
from amends.web.recommend.queries import recommender
from amends.web.track.jobs import estimate
from amends.web.track.models import Outcome
from amends.web.track.settling import settle

Tick = Callable[[str, int, int], None]

TEAMS: Final = {"": "Customer care", "billing": "Billing", "product": "Products"}
PROCESSES: Final = 2
POLL_SECONDS: Final = 0.2
STUDY_AFTER_SECONDS: Final = 90
"""When the budget is studied: after the first pages were looked at."""
ROUNDS: Final = 3


def load_history(
    record: DemoRecord, known: Rehearsed, tick: Tick, *, processes: int = PROCESSES
) -> None:
    """Fill an empty installation with a company's last twelve months.

    With 0 `processes` everything happens in this one, with others in forks of it.
    """
    now, truth = record.now, known.truth
    with pghistory.context(source="demo"):
        make_demo_people()
        _make_routes()
        make_responsibilities()
        _write_customers(known.customers, truth.currency)
        put_in_force(known.classifier, now)
        with _working_off(processes, tick):
            for month in known.months:
                receive_by_source(month, now, is_history=True)
        looking = _beside(_find_breakdowns, now) if processes else None
        for number in range(ROUNDS):
            with _working_off(processes, tick):
                _staff(record, tick, is_last=number == ROUNDS - 1)
        settle(now)
        _learn_actions(now)
        tick("looking for breakdowns", 0, 1)
        if looking is None:
            _find_breakdowns(now)
        else:
            _ended(looking)
        for breakdown in Breakdown.objects.all():
            link_to_breakdown(breakdown)
        make_demo_alerting(now)
        hand_some_over()
        _make_fixes(truth, now)
        verify_fixes(now)
        price_causes(now)
        lake().compact()
    estimate.defer()  # it takes seconds, and the first visitor looks elsewhere


def _make_routes() -> None:
    for branch, name in TEAMS.items():
        team, _ = Team.objects.get_or_create(name=name)
        Route.objects.get_or_create(branch=branch, defaults={"team": team})


def _write_customers(customers: pa.Table, currency: str) -> None:
    known = customers.append_column("currency", pa.array([currency] * len(customers)))
    fields = {field.column for field in Customer._meta.concrete_fields}  # noqa: SLF001  (a documented door)
    columns = [name for name in known.column_names if name in fields]
    with transaction.atomic(), connection.cursor() as cursor:
        copy_in(cursor, known.select(columns), f"intake_customer ({', '.join(columns)})")


@contextmanager
def _working_off(processes: int, tick: Tick) -> Iterator[None]:
    """Have the inbox worked off while it is being filled, as several workers would."""
    if not processes:
        yield
        pipeline.work_off()
        return
    is_filled = mp.get_context("fork").Event()
    workers = [_beside(_work_off_until, is_filled) for _ in range(processes)]
    try:
        yield
    finally:
        is_filled.set()
    while any(worker.is_alive() for worker in workers):
        workers[0].join(timeout=0.5)
        done = dict(Delivery.objects.values_list("state").annotate(n=Sum("rows")))
        tick("processing signals", done.get(DeliveryState.DONE, 0), sum(done.values()))
    for worker in workers:
        _ended(worker)
    failed = Delivery.objects.filter(state=DeliveryState.FAILED).first()
    if failed is not None:
        raise RuntimeError(f"A delivery of the demo failed: {failed.error}")


def _work_off_until(is_filled: Event) -> None:
    while not is_filled.wait(POLL_SECONDS):
        pipeline.work_off()
    pipeline.work_off()


def _find_breakdowns(now: datetime) -> None:
    with pghistory.context(source="demo"):
        watching.choose_series(now)
        watching.watch(now, taxonomy_in_force(), whole=True)
    study_budget.configure(schedule_in={"seconds": STUDY_AFTER_SECONDS}).defer()


def _beside(run: Callable[..., object], *arguments: object) -> Process:
    """Run something in a process of its own: there are two cores."""
    _leave_database()
    process = mp.get_context("fork").Process(target=run, args=arguments)
    process.start()
    return process


def _ended(process: Process) -> None:
    process.join()
    if process.exitcode:
        raise RuntimeError("A part of the load failed; the lines above say why.")


def _leave_database() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


def _staff(record: DemoRecord, tick: Tick, *, is_last: bool) -> None:
    """Let people work new cases, and put what customers tell afterwards into the inbox.

    Who has to come back may open another case, which is worked in the next round; in the last
    round nobody comes back.
    """
    tick("working cases", 0, 1)
    world = world_of(record)
    untouched = Case.objects.filter(state=State.NEW, owner=None)
    cases = list(untouched.select_related("recommendation").order_by("opened_at"))
    known: list[tuple[Case, CaseFacts, LogRecord]] = [
        (case, known_facts(case.recommendation), record_of(case.recommendation)) for case in cases
    ]
    facts, records = [k[1] for k in known], [k[2] for k in known]
    everything = work(world, facts, records, record.seed)
    done: list[tuple[Case, LogRecord, Worked]] = [
        (case, log, each)
        for (case, _, log), each in zip(known, everything, strict=True)
        if was_worked(case, each, record.now)
    ]
    keep_worked(cases, done, record.now)
    told = outcome_signals(world, [each for _, _, each in done], facts, record.seed)
    if is_last:
        told = told.filter(pc.not_equal(told["kind"], Kind.COMPLAINT.value))
    now = pa.scalar(record.now, told["occurred_at"].type)
    known_by_now = told.filter(pc.less_equal(told["occurred_at"], now))
    receive_by_source(known_by_now, record.now, is_history=True)
    tick("working cases", 1, 1)


def _learn_actions(now: datetime) -> None:
    outcomes = Outcome.objects.select_related("case__recommendation", "case__customer")
    known = [
        (outcome.case, action, outcome)
        for outcome in outcomes.prefetch_related("case__actions")
        for action in outcome.case.actions.all()
    ]
    learnt = recommender().learn(lessons(known))
    Learned.objects.create(
        state=dump_state(learnt.state),
        version=learnt.state.version,
        n=learnt.state.n,
        learnt_at=now,
    )


def _make_fixes(truth: Truth, now: datetime) -> None:
    owner_team = Team.objects.get(name="Products")
    for planted in truth.fixes:
        at = datetime.combine(planted.at, datetime.min.time(), tzinfo=UTC)
        Fix.objects.create(
            name=planted.name.replace("-", " ").capitalize(),
            cause=planted.cause,
            slice=dict(planted.slice),
            hypothesis=planted.hypothesis[:1].upper() + planted.hypothesis[1:],
            proposed_at=min(at, now) - timedelta(days=30),
            fixed_at=at,
            team=owner_team,
        )
