"""Cost of failure: handling + remedy + penalties + lost margin, per cause; it ranks prevention."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import UNSURE, CauseCost, CostAssumption, Floats, Kind

_COMPLAINTS: Final = (Kind.COMPLAINT.value, Kind.TICKET.value, Kind.SOCIAL.value)


@dataclass(frozen=True, slots=True)
class CostModel:
    """What a failure is assumed to cost, in one currency; every figure is there to be replaced.

    Parameters
    ----------
    handling_minutes
        Work per contact.
    cost_per_hour
        Of that work, everything included.
    contacts_per_case
        Where the signal does not say how many there were.
    remedy_share
        Of the customer's loss, where the signal says the loss: given back as credit or refund.
    remedy_each
        Per case, where the signal says no loss.
    penalty_each
        Fines and automatic compensation per case.
    churn_delta
        How much more likely a complainant is to leave than one who had no failure.
    margin_per_customer
        Kept per customer over the time that they would otherwise have stayed.

    """

    handling_minutes: float = 15.0
    cost_per_hour: float = 30.0
    contacts_per_case: float = 1.0
    remedy_share: float = 1.0
    remedy_each: float = 0.0
    penalty_each: float = 0.0
    churn_delta: float = 0.05
    margin_per_customer: float = 200.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not np.isfinite(value) or value < 0:
                raise ValueError(f"{item.name} is {value}; it is a number from 0 upwards.")
        if self.churn_delta > 1:
            raise ValueError(f"churn_delta is {self.churn_delta}; it is a share up to 1.")


_UNITS: Final = {
    "handling_minutes": ("minutes per contact", "our placeholder: replace by your own"),
    "cost_per_hour": ("per hour", "our placeholder: replace by your own"),
    "contacts_per_case": (
        "contacts",
        "1 is the least there can be; people who need several make 4.2 on average (CCMC 2015)",
    ),
    "remedy_share": ("of the loss", "no gain above 150 % of the loss (Haesevoets 2017); 1 is even"),
    "remedy_each": ("per case", "0: nothing is assumed that the data do not say"),
    "penalty_each": ("per case", "0: nothing is assumed that the data do not say"),
    "churn_delta": (
        "share",
        (
            "our placeholder; complaints raise churn and recovery rarely offsets it fully "
            "(Knox & van Oest 2014)"
        ),
    ),
    "margin_per_customer": ("per customer", "our placeholder: replace by your own"),
}


def assumptions(model: CostModel) -> tuple[CostAssumption, ...]:
    """Return the figures that a cost rests on, with unit and source, to be shown beside it."""
    return tuple(
        CostAssumption(name, float(getattr(model, name)), unit, source)
        for name, (unit, source) in _UNITS.items()
    )


@dataclass(frozen=True, slots=True)
class CostOfFailure:
    """What each cause cost, the dearest first, and the figures that this rests on."""

    causes: tuple[CauseCost, ...]
    assumptions: tuple[CostAssumption, ...]
    currency: str


def cost_of_failure(
    signals: pa.Table,
    model: CostModel | None = None,
    *,
    currency: str,
    by_family: bool = False,
) -> CostOfFailure:
    """Return what each cause cost over the period of the signals.

    Parameters
    ----------
    signals
        Signals of `SIGNAL_SCHEMA` with a cause; complaints, tickets and social mentions count, each
        case_ref once per cause.
    model
        What a failure is assumed to cost.
    currency
        Of the model. A loss in another one counts as not known; one without any is in this one.
    by_family
        Fold causes to their branch of the taxonomy.

    Notes
    -----
    Churn is paid once per customer and cause, however often they complain; a case of an unknown
    customer counts as a customer.

    """
    model = model or CostModel()
    cases = _cases(signals, currency, by_family=by_family)
    names, code = np.unique(np.asarray(cases["cause"].to_pylist(), dtype=str), return_inverse=True)
    n = np.bincount(code, minlength=len(names))
    contacts = np.maximum(_filled(cases["contacts"], model.contacts_per_case), 1.0)
    loss = _filled(cases["loss"], np.nan)
    remedy = np.where(np.isnan(loss), model.remedy_each, loss * model.remedy_share)
    each = model.handling_minutes / 60 * model.cost_per_hour
    handling = np.bincount(code, contacts * each, len(names))
    given = np.bincount(code, remedy + model.penalty_each, len(names))
    churn = _customers(cases, code, len(names)) * model.churn_delta * model.margin_per_customer
    total = handling + given + churn
    whole = float(total.sum())
    costs = [
        CauseCost(
            cause=str(name),
            n=int(n[i]),
            handling=float(handling[i]),
            remedy=float(given[i]),
            churn=float(churn[i]),
            total=float(total[i]),
            share=float(total[i]) / whole if whole > 0 else 0.0,
        )
        for i, name in enumerate(names)
    ]
    dearest_first = tuple(sorted(costs, key=lambda c: (-c.total, c.cause)))
    return CostOfFailure(dearest_first, assumptions(model), currency)


def _cases(signals: pa.Table, currency: str, *, by_family: bool) -> pa.Table:
    """Return one row per case with a cause: the dearest and longest of what its signals say."""
    cause = signals["cause"]
    if by_family:
        cause = pc.replace_substring_regex(cause, "/.*$", "")
    mine = pc.is_in(signals["kind"], value_set=pa.array(_COMPLAINTS))
    named = pc.and_(pc.is_valid(cause), pc.not_equal(pc.fill_null(cause, UNSURE), UNSURE))
    is_ours = pc.equal(pc.fill_null(signals["currency"], currency), currency)
    loss = pc.if_else(is_ours, signals["loss"].cast(pa.float64()), pa.scalar(None, pa.float64()))
    ref = pc.if_else(pc.equal(signals["case_ref"], ""), None, signals["case_ref"])
    table = pa.table(
        {
            "case": pc.coalesce(ref, signals["signal_id"]),
            "cause": cause,
            "customer": signals["customer_id"],
            "contacts": signals["contacts"].cast(pa.float64()),
            "loss": loss,
        }
    ).filter(pc.and_(mine, named))
    folded = table.group_by(["case", "cause"]).aggregate(
        [("customer", "max"), ("contacts", "max"), ("loss", "max")]
    )
    return folded.rename_columns(["case", "cause", "customer", "contacts", "loss"])


def _customers(cases: pa.Table, code: np.ndarray, n_causes: int) -> Floats:
    """Return how many customers each cause hit."""
    who = pc.coalesce(cases["customer"], cases["case"]).combine_chunks().dictionary_encode()
    index = who.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    pairs = np.unique(code * (len(who.dictionary) + 1) + index)
    return np.bincount(pairs // (len(who.dictionary) + 1), minlength=n_causes).astype(np.float64)


def _filled(column: pa.ChunkedArray, default: float) -> Floats:
    values = np.asarray(column.to_numpy(), dtype=np.float64)
    return np.where(np.isnan(values), default, values)
