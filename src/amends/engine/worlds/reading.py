"""Read a world's file and refuse what cannot be played, naming the field."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import yaml

from amends.engine.contracts import ActionKind, BadInput, starter_taxonomies, starter_taxonomy

from .company import SLICE_DIMENSIONS, Company, DecoyKind, Period

COMPANIES: Final = Path(__file__).parent / "companies"
COUNTED_MEASURES: Final = ("complaint_rate", "complaints")


def world_names() -> tuple[str, ...]:
    """Names of the shipped worlds."""
    return tuple(sorted(path.stem for path in COMPANIES.glob("*.yaml")))


def read_company(name_or_path: str) -> Company:
    """Read a shipped world by name, or a file by path.

    Raises
    ------
    BadInput
        There is no such world, or its file says something that cannot be played.

    """
    path = COMPANIES / f"{name_or_path}.yaml"
    if name_or_path not in world_names():
        path = Path(name_or_path)
        if not path.is_file():
            raise BadInput(
                f"There is no world {name_or_path!r}.",
                remedy=f"Take {', '.join(world_names())} or the path of a world's file.",
            )
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        company = msgspec.convert(data, Company)
    except UnicodeDecodeError as error:
        raise BadInput("This is no text in UTF-8.", where=path.name) from error
    except yaml.YAMLError as error:
        raise BadInput(f"This is not YAML: {error}", where=path.name) from error
    except msgspec.ValidationError as error:
        what, _, field = str(error).partition(" - at ")
        raise BadInput(f"{what}.", where=f"{path.name}: {field.strip('`$.')}") from error
    _check(company, path.name)
    return company


class _Checker:
    """Collects nothing: the first thing that cannot be played is refused."""

    def __init__(self, company: Company, file: str) -> None:
        self.company, self.file = company, file

    def refuse(self, field: str, what: str, remedy: str = "") -> None:
        raise BadInput(what, where=f"{self.file}: {field}", remedy=remedy)

    def known(self, field: str, value: str, among: Iterable[str]) -> None:
        names = tuple(among)
        if value not in names:
            self.refuse(field, f"{value!r} is unknown.", f"Take one of {', '.join(names)}.")

    def shares(self, field: str, shares: Mapping[str, float]) -> None:
        if not shares:
            self.refuse(field, "It is empty.")
        for name, share in shares.items():
            if share <= 0:
                self.refuse(f"{field}.{name}", f"A share is positive, not {share}.")

    def slice(self, field: str, terms: Mapping[str, str]) -> None:
        for dimension, value in terms.items():
            self.known(field, dimension, SLICE_DIMENSIONS)
            self.known(f"{field}.{dimension}", value, self.company.values(dimension))

    def window(self, field: str, window: Period) -> None:
        period = self.company.period
        if not period.first <= window.first <= window.last <= period.last:
            self.refuse(
                field,
                f"{window.first} to {window.last} is no window of the period "
                f"{period.first} to {period.last}.",
            )


def _check(company: Company, file: str) -> None:
    check = _Checker(company, file)
    if company.period.first >= company.period.last:
        check.refuse("period", "It ends before it begins.")
    if company.default_signals < 1:
        check.refuse("default_signals", f"At least 1, not {company.default_signals}.")
    _check_people(check)
    _check_selection(check)
    _check_causes(check)
    _check_planted(check)
    _check_recovery(check)


def _check_people(check: _Checker) -> None:
    company, people = check.company, check.company.customers
    for name in ("regions", "segments", "voices"):
        check.shares(f"customers.{name}", getattr(people, name))
    check.shares("customers.tiers", {t: share for t, (share, _) in people.tiers.items()})
    check.shares("products", {name: p.share for name, p in company.products.items()})
    check.shares("vendors", {name: v.share for name, v in company.vendors.items()})
    check.shares("channels", company.channels)
    for name, product in company.products.items():
        if not product.says:
            check.refuse(f"products.{name}.says", "Customers need a word for it.")
    for name, vendor in company.vendors.items():
        for region in vendor.regions:
            check.known(f"vendors.{name}.regions", region, people.regions)
    if people.per_signal <= 0:
        check.refuse("customers.per_signal", f"It is positive, not {people.per_signal}.")


def _check_selection(check: _Checker) -> None:
    selection = check.company.selection
    for name in selection.__struct_fields__:
        value = getattr(selection, name)
        for share in value if isinstance(value, tuple) else (value,):
            if share < 0 or (share > 1 and name != "resolve_hours"):
                check.refuse(f"selection.{name}", f"A share lies in 0–1, not {share}.")
    if not 0.5 <= selection.complains_with_loss <= 0.75:
        check.refuse("selection.complains_with_loss", "It lies in 0.5–0.75.")
    if not 0.05 <= selection.complains_without_loss <= 0.3:
        check.refuse("selection.complains_without_loss", "It lies in 0.05–0.3.")


def _check_causes(check: _Checker) -> None:
    company = check.company
    check.known("taxonomy", company.taxonomy, starter_taxonomies())
    leaves = [leaf.path for leaf in starter_taxonomy(company.taxonomy).leaves]
    codes: dict[str, str] = {}
    for path, cause in company.causes.items():
        check.known("causes", path, leaves)
        for product in cause.products:
            check.known(f"causes.{path}.products", product, company.products)
        if cause.weight <= 0:
            check.refuse(f"causes.{path}.weight", f"It is positive, not {cause.weight}.")
        if cause.monetary and cause.loss <= 0:
            check.refuse(f"causes.{path}.loss", "A monetary failure needs a median loss.")
        if codes.setdefault(cause.code, path) != path:
            check.refuse(f"causes.{path}.code", f"{codes[cause.code]} has {cause.code} already.")


def _check_planted(check: _Checker) -> None:
    company = check.company
    names: set[str] = set()
    for i, breakdown in enumerate(company.breakdowns):
        field = f"breakdowns[{i}]"
        check.known(f"{field}.cause", breakdown.cause, company.causes)
        check.known(f"{field}.measure", breakdown.measure, COUNTED_MEASURES)
        check.slice(f"{field}.slice", breakdown.slice)
        check.window(field, Period(breakdown.first, breakdown.last))
        cause = company.causes[breakdown.cause]
        if breakdown.ratio <= 1:
            check.refuse(f"{field}.ratio", f"A breakdown is worse: above 1, not {breakdown.ratio}.")
        if "vendor" in breakdown.slice and not cause.vendor:
            check.refuse(f"{field}.slice.vendor", f"No vendor takes part in {breakdown.cause}.")
        product = breakdown.slice.get("product")
        if product and cause.products and product not in cause.products:
            check.refuse(f"{field}.slice.product", f"{breakdown.cause} cannot hit {product}.")
    for i, decoy in enumerate(company.decoys):
        field = f"decoys[{i}]"
        check.slice(f"{field}.slice", decoy.slice)
        check.window(field, Period(decoy.first, decoy.last))
        if decoy.kind is DecoyKind.NEW_PRODUCT and "product" not in decoy.slice:
            check.refuse(f"{field}.slice", "A new product is a slice of a product.")
    for i, fix in enumerate(company.fixes):
        field = f"fixes[{i}]"
        check.known(f"{field}.cause", fix.cause, company.causes)
        check.slice(f"{field}.slice", fix.slice)
        check.window(field, Period(fix.at, company.period.last))
        if not -1 <= fix.effect <= 0:
            check.refuse(f"{field}.effect", f"It lies in −1–0, not {fix.effect}.")
    for planted in (*company.breakdowns, *company.decoys, *company.fixes):
        if planted.name in names:
            check.refuse("name", f"{planted.name!r} is planted twice.")
        names.add(planted.name)


def _check_recovery(check: _Checker) -> None:
    recovery = check.company.recovery
    for segment in check.company.customers.segments:
        check.known("recovery.tastes", segment, recovery.tastes)
    missing = [kind for kind in ActionKind if kind not in recovery.actions]
    if missing:
        check.refuse("recovery.actions", f"What does {missing[0]} cost?")
