"""The report as one HTML file: no request, no script needed, light, dark and print."""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from amends.engine.contracts import Report
from amends.flows.report import sentences, words
from amends.flows.report.render import vendor_file
from amends.flows.report.view import build_page

_TEMPLATES = Path(__file__).parent / "templates"


def render_report(report: Report) -> str:
    """Return the report as one self-contained HTML document.

    Raises
    ------
    ChartError
        The frontend has not been built; the message says how.

    """
    script = (_TEMPLATES / "theme.js").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            page=build_page(report),
            report=report,
            # the three below are files of this package, not of the analysed data
            style=Markup(vendor_file("report.css").decode()),  # noqa: S704
            font=base64.b64encode(vendor_file("inter.woff2")).decode(),
            script=Markup(script),  # noqa: S704
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "action": sentences.action,
        "day": words.day,
        "drawn": sentences.drawn,
        "every": words.every,
        "label": words.label,
        "money": words.money,
        "n": lambda value: f"{value:,}",
        "number": words.number,
        "percent": words.percent,
        "recovered": sentences.recovered,
        "sentence": words.sentence,
        "together": sentences.together,
        "with_code": sentences.with_code,
        "shorten": sentences.shorten,
    }
    environment.globals |= {"count": words.count, "sentences": sentences, "words": words}
    return environment
