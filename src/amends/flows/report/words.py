"""How numbers, money and dates are written, one way everywhere: `3,984`, `71.4 %`, `14 Nov`.

Spaces between a number and its unit are no-break, so that a line never ends between them.
"""

import math
from datetime import datetime, timedelta
from typing import Final

from amends.engine.contracts import Bucket, Interval, Money

# fmt: off
MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)
# fmt: on
NBSP: Final = "\u00a0"
MINUS: Final = "\u2212"
NONE: Final = "–"
"""What stands where there is no value."""
SYMBOLS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}


def number(value: float | None, digits: int | None = None) -> str:
    """Return `3,984`, `12.3`, `0.046`: grouped, at most three significant digits below 100.

    `digits` fixes the decimals instead.
    """
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return MINUS + "∞" if value < 0 else "∞"
    text = f"{abs(value):,.{_decimals(value) if digits is None else digits}f}"
    if digits is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    return MINUS + text if value < 0 and text.strip("0.,") else text


def _decimals(value: float) -> int:
    size = abs(value)
    if size >= 100 or size == 0:
        return 0
    if size >= 1:
        return 1
    return min(2 - math.floor(math.log10(size)), 9) if size >= 1e-9 else 0


def compact(value: float | None) -> str:
    """Return large numbers short: `1.24 M`, `12.4 k` from a hundred thousand up."""
    if value is None or not math.isfinite(value) or abs(value) < 100_000:
        return number(value)
    for size, suffix in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            scaled = value / size
            return number(scaled, 0 if abs(scaled) >= 100 else 1) + NBSP + suffix
    return number(value)


def signed(value: float | None, digits: int | None = None) -> str:
    """Return `+34`, `−0.6`, `±0`."""
    text = number(value, digits)
    if value is None or text == NONE or text.startswith(MINUS):
        return text
    return ("+" if text.strip("0.,") else "±") + text


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share in [0, 1] as `71.4 %`; what rounds to 0 but is not, as `< 0.1 %`."""
    if share is None or not math.isfinite(share):
        return NONE
    if 0 < share < 0.5 * 10 ** -(digits + 2):
        return f"<{NBSP}{10**-digits:.{digits}f}{NBSP}%"
    return f"{number(100 * share, 0 if abs(share) >= 1 else digits)}{NBSP}%"


def signed_percent(change: float | None) -> str:
    """Return a relative change as `+62 %`, `−15 %`, `±0 %`."""
    if change is None or not math.isfinite(change):
        return NONE
    return f"{signed(100 * change, 0)}{NBSP}%"


def money(amount: float | Money | None, currency: str = "", *, cents: bool = False) -> str:
    """Return `€1,240`, or with cents `€25.00`; a code without a common symbol comes first."""
    if amount is None:
        return NONE
    if isinstance(amount, Money):
        return money(float(amount.amount), amount.currency, cents=cents)
    if not math.isfinite(amount):
        return NONE
    digits = 2 if cents else 0
    text = compact(amount) if not cents and abs(amount) >= 1e6 else number(amount, digits)
    sign, text = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    unit = SYMBOLS.get(currency, f"{currency}{NBSP}" if currency else "")
    return f"{sign}{unit}{text}"


def times(ratio: float | None) -> str:
    """Return a ratio as `1.6×`."""
    text = number(ratio, 0 if ratio is not None and abs(ratio) >= 100 else 1)
    return text if text == NONE else f"{text}×"


def interval(low: str, high: str) -> str:
    """Return two written ends as one range: `1.4× – 1.8×`."""
    return f"{low} – {high}"


def level(value: Interval) -> str:
    """Return the coverage of an interval: `95 %`."""
    return percent(value.level, 0)


def p_value(p: float) -> str:
    """Return `p = 0.012`, and never a p of nothing: `p < 0.001`."""
    return "p < 0.001" if p < 0.0005 else f"p = {p:.3f}"


def count(n: int, one: str, many: str = "") -> str:
    """Return `1 row`, `2,104 rows`."""
    return f"{n:,}{NBSP}{one if n == 1 else many or one + 's'}"


def day(at: datetime | None, *, year: bool = False) -> str:
    """Return `14 Nov`, or `14 Nov 2026`."""
    if at is None:
        return NONE
    text = f"{at.day}{NBSP}{MONTHS[at.month - 1]}"
    return f"{text}{NBSP}{at.year}" if year else text


def moment(at: datetime | None, bucket: Bucket = Bucket.DAY, *, year: bool = False) -> str:
    """Return the day, and the time of day where the bucket is shorter than one."""
    text = day(at, year=year)
    if at is None or bucket not in {Bucket.HOUR, Bucket.FIVE_MINUTES}:
        return text
    return f"{text}, {at:%H:%M}"


def period(starts_at: datetime | None, ends_at: datetime | None) -> str:
    """Return `24 Oct – 20 Nov 2026`; the year once when it is the same."""
    if starts_at is None or ends_at is None:
        return "Undated"
    if starts_at.date() == ends_at.date():
        return day(ends_at, year=True)
    same_year = starts_at.year == ends_at.year
    return f"{day(starts_at, year=not same_year)} – {day(ends_at, year=True)}"


def span(starts_at: datetime, ends_at: datetime) -> str:
    """Return how long a period is, both ends counted: `28 days`, `14 months`."""
    days = (ends_at.date() - starts_at.date()).days + 1
    if days <= 120:
        return count(days, "day")
    if days <= 3 * 365:
        return count(round(days / 30.44), "month")
    return f"{number(days / 365.25)}{NBSP}years"


def duration(minutes: float | None) -> str:
    """Return `51 m`, `2 h 51 m`, `3 d 4 h`."""
    if minutes is None or not math.isfinite(minutes):
        return NONE
    rest = timedelta(minutes=round(minutes))
    hours, seconds = divmod(rest.seconds, 3600)
    if rest.days:
        return f"{rest.days}{NBSP}d {hours}{NBSP}h"
    if hours:
        return f"{hours}{NBSP}h {seconds // 60:02d}{NBSP}m"
    return f"{seconds // 60}{NBSP}m"


def every(days: float) -> str:
    """Return how often something happens in words: `once in 4 years`."""
    if not math.isfinite(days):
        return "practically never"
    if days < 60:
        return f"once in {count(max(round(days), 1), 'day')}"
    if days < 2 * 365:
        return f"once in {count(round(days / 30.44), 'month')}"
    years = days / 365.25
    return (
        "less than once in 100 years" if years > 100 else f"once in {number(years, 0)}{NBSP}years"
    )


def label(name: str) -> str:
    """Return a field or dimension name as words: `journey_stage` → `Journey stage`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def sentence(text: str) -> str:
    """Return the text with a capital letter first and a full stop last."""
    text = text.strip()
    if not text:
        return ""
    return f"{text[:1].upper()}{text[1:]}{'' if text[-1] in '.!?…' else '.'}"


def join(parts: list[str], last: str = "and") -> str:
    """Return `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
