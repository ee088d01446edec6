"""Read a world's file and refuse what cannot be played, naming the field."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NoReturn

import holidays
import msgspec
import yaml

from amends.engine.contracts import ActionKind, BadInput, starter_taxonomies, starter_taxonomy

from .company import (
    SLICE_DIMENSIONS,
    BreakdownSpec,
    Company,
    CurrentBreakdownSpec,
    DecoyKind,
    Period,
)

COMPANIES: Final = Path(__file__).parent / "companies"
COUNTED_MEASURES: Final = ("complaint_rate", "complaints")


def load_yaml(path: Path) -> object:
    """Return what a YAML file holds; with the C parser where there is one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - both are safe


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
        data = load_yaml(path)
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


def check_failing(company: Company, cause: str, terms: Mapping[str, str]) -> None:
    """Refuse a cause that cannot fail in a slice of a company.

    Raises
    ------
    BadInput
        The company knows no such cause, dimension or value, or they do not go together.

    """
    _Checker(company, company.name).failing("outbreak", cause, terms)


class _Checker:
    """Refuses the first thing that cannot be played."""

    def __init__(self, company: Company, file: str) -> None:
        self.company, self.file = company, file

    def refuse(self, field: str, what: str, remedy: str = "") -> NoReturn:
        raise BadInput(what, where=f"{self.file}: {field}", remedy=remedy)

    def known(self, field: str, value: str, among: Iterable[str]) -> None:
        names = tuple(among)
        if value not in names:
            self.refuse(field, f"{value!r} is unknown.", f"Take one of {', '.join(names)}.")

    def slice(self, field: str, terms: Mapping[str, str]) -> None:
        for dimension, value in terms.items():
            self.known(field, dimension, SLICE_DIMENSIONS)
            self.known(f"{field}.{dimension}", value, self.company.values(dimension))

    def failing(self, field: str, cause: str, terms: Mapping[str, str]) -> None:
        """Refuse a cause that cannot fail in a slice."""
        self.known(f"{field}.cause", cause, self.company.causes)
        self.slice(f"{field}.slice", terms)
        spec = self.company.causes[cause]
        if "vendor" in terms and not spec.vendor:
            self.refuse(f"{field}.slice.vendor", f"No vendor takes part in {cause}.")
        product = terms.get("product")
        if product and spec.products and product not in spec.products:
            self.refuse(f"{field}.slice.product", f"{cause} cannot hit {product}.")

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
    check.known("country", company.country, holidays.list_supported_countries())
    for name, vendor in company.vendors.items():
        for region in vendor.regions:
            check.known(f"vendors.{name}.regions", region, company.customers.regions)
    if all(product.launch is not None for product in company.products.values()):
        check.refuse("products", "One of them must be there from the first day.")
    for segment in company.customers.segments:
        check.known("recovery.tastes", segment, company.recovery.tastes)
    for kind in ActionKind:
        check.known("recovery.actions", kind, company.recovery.actions)
    _check_causes(check)
    for i, breakdown in enumerate(company.breakdowns):
        _check_breakdown(check, f"breakdowns[{i}]", breakdown)
    _check_decoys(check)
    _check_fixes(check)
    _check_live(check)
    _check_names(check)


def _check_causes(check: _Checker) -> None:
    company = check.company
    check.known("taxonomy", company.taxonomy, starter_taxonomies())
    leaves = [leaf.path for leaf in starter_taxonomy(company.taxonomy).leaves]
    for path, cause in company.causes.items():
        check.known("causes", path, leaves)
        for product in cause.products:
            check.known(f"causes.{path}.products", product, company.products)
        if cause.monetary and not cause.loss:
            check.refuse(f"causes.{path}.loss", "A monetary failure needs a median loss.")


def _check_breakdown(
    check: _Checker, field: str, breakdown: BreakdownSpec | CurrentBreakdownSpec
) -> None:
    check.known(f"{field}.measure", breakdown.measure, COUNTED_MEASURES)
    check.failing(field, breakdown.cause, breakdown.slice)
    if isinstance(breakdown, BreakdownSpec):
        check.window(field, Period(breakdown.first, breakdown.last))


def _check_live(check: _Checker) -> None:
    current, outbreak = check.company.current, check.company.outbreak
    if current is not None:
        _check_breakdown(check, "current.breakdown", current.breakdown)
        check.known("current.fix.cause", current.fix.cause, check.company.causes)
        check.slice("current.fix.slice", current.fix.slice)
    if outbreak is not None:
        check.failing("outbreak", outbreak.cause, outbreak.slice)


def _check_decoys(check: _Checker) -> None:
    for i, decoy in enumerate(check.company.decoys):
        field = f"decoys[{i}]"
        check.slice(f"{field}.slice", decoy.slice)
        check.window(field, Period(decoy.first, decoy.last))
        product = decoy.slice.get("product")
        if decoy.kind is DecoyKind.NEW_PRODUCT:
            launch = check.company.products[product].launch if product else None
            if launch != decoy.first:
                check.refuse(f"{field}.slice", "It needs the product that is launched that day.")


def _check_fixes(check: _Checker) -> None:
    for i, fix in enumerate(check.company.fixes):
        field = f"fixes[{i}]"
        check.known(f"{field}.cause", fix.cause, check.company.causes)
        check.slice(f"{field}.slice", fix.slice)
        check.window(field, Period(fix.at, check.company.period.last))


def _check_names(check: _Checker) -> None:
    company = check.company
    names = [
        *(b.name for b in company.breakdowns),
        *(d.name for d in company.decoys),
        *(f.name for f in company.fixes),
    ]
    if company.current is not None:
        names += [company.current.breakdown.name, company.current.fix.name]
    for name in names:
        if names.count(name) > 1:
            check.refuse("name", f"{name!r} is planted twice.")
