"""ECharts drawn outside a browser: option dict in, SVG that follows the page's theme out."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import cast

import quickjs

VENDOR = Path(__file__).parent / "vendor"
"""What `frontend/build.mjs` makes: chart library, style sheet, font."""

Option = str | int | float | bool | None | Sequence["Option"] | Mapping[str, "Option"]
"""A part of an ECharts option. "$name" is the colour token --name of the page."""

_STYLE = re.compile(r"<style\s*>.*?</style>", re.DOTALL)
_NOISE = re.compile(
    r' (?:class|pointer-events|xml:space|ecmeta_\w+|xmlns:xlink|version|baseProfile)="[^"]*"'
)
_BACKGROUND = re.compile(r"<rect [^>]*fill=\"none\"></rect>")
_FONT = re.compile(r'style="[^"]*?(\d+)px[^"]*"')
_DECIMALS = re.compile(r"(\d\.\d)\d+")
_DOT = re.compile(
    r'<path d="M1 0A1 1 0 1 1 1 -0\.1A1 1 0 0 1 1 0" '
    r'transform="matrix\(([\d.]+),0,0,\1,([-\d.]+),([-\d.]+)\)"([^>]*?)></path>'
)
_STROKE = re.compile(r'stroke-width="([\d.]+)"')
_UNSEEN = re.compile(r'<g [^>]*>\s*<path [^>]*fill="none"[^>]*stroke-width="0"[^>]*></path>\s*</g>')
_SCOPE = re.compile(r"zr\d+-")
_SIZE = re.compile(r'<svg width="(\d+)" height="(\d+)"')


class ChartError(RuntimeError):
    """A chart could not be drawn; the message says which and why."""


def vendor_file(name: str) -> bytes:
    """Return one file of the built frontend.

    Raises
    ------
    ChartError
        It has not been built.

    """
    path = VENDOR / name
    if not path.exists():
        raise ChartError(f"{path.name} is missing in {VENDOR}: run 'make setup' to build it.")
    return path.read_bytes()


def draw(option: Mapping[str, Option], *, name: str, width: int, height: int) -> str:
    """Return the chart as an `<svg>` that scales with its container and takes the page's colours.

    Parameters
    ----------
    option
        An ECharts option; colours as "$token", functions as "format:name".
    name
        Identifier of the chart on its page; keeps the ids inside the SVG apart.
    width, height
        Pixels of the coordinate system; at this width text has its nominal size.

    Raises
    ------
    ChartError
        ECharts refuses the option, or the frontend has not been built.

    """
    source = json.dumps(_with_colours(option), allow_nan=False)
    try:
        svg = cast("str", _context().get("drawChart")(source, width, height))
    except quickjs.JSException as error:
        raise ChartError(f"Chart {name}: {error}") from error
    return _for_the_page(svg, name)


@lru_cache(maxsize=1)
def _context() -> quickjs.Context:
    context = quickjs.Context()
    context.eval(vendor_file("charts.js").decode())
    return context


def _with_colours(option: Option) -> Option:
    if isinstance(option, str):
        return f"var(--{option[1:]})" if option.startswith("$") else option
    if isinstance(option, Mapping):
        return {key: _with_colours(value) for key, value in option.items()}
    if isinstance(option, Sequence):
        return [_with_colours(value) for value in option]
    return option


def _for_the_page(svg: str, name: str) -> str:
    """Drop what only a live chart needs; leave fonts and colours to the page."""
    svg = _BACKGROUND.sub("", _NOISE.sub("", _STYLE.sub("", svg)), count=1)
    svg = _DOT.sub(_circle, _UNSEEN.sub("", svg))
    svg = _FONT.sub(r'font-size="\1"', svg)
    svg = _SCOPE.sub(f"{name}-", _DECIMALS.sub(r"\1", svg))
    svg = _SIZE.sub('<svg aria-hidden="true"', svg)
    return re.sub(r">\s+<", "><", svg).strip()


def _circle(path: re.Match[str]) -> str:
    """Return a scaled unit circle as a plain one, its stroke at its real width."""
    radius, x, y, rest = path.groups()
    rest = _STROKE.sub(lambda s: f'stroke-width="{float(s[1]) * float(radius):.1f}"', rest)
    return f'<circle r="{radius}" cx="{x}" cy="{y}"{rest}></circle>'
