"""The circuit breaker: when very much alarms at once, it is told once, and said so.

Many breakdowns that begin in one bucket and that no slice explains are seldom many failures: a feed
that was loaded twice, a clock that jumped, an outage of everything. Nobody is helped by a hundred
alerts; somebody should look at what they have in common.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from .breakdowns import Finding, under

STORM_FROM = 12
STORM_SHARE = 0.05
"""New breakdowns of one bucket, each explained by no other, from which they are a storm: so many,
and this share of the series."""


def break_storms(findings: Sequence[Finding], n_series: int) -> tuple[Finding, ...]:
    """Return the findings, those of a storm grouped under its widest and strongest; order is kept.

    The findings may be those of several measures, as long as their buckets are the same. The one
    that is left says in `stands_for` how many it speaks for.
    """
    at_once: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.part_of is None:
            at_once[finding.detected].append(finding)
    most = max(STORM_FROM, STORM_SHARE * n_series)
    changed: dict[str, Finding] = {}
    lead_of: dict[str, Finding] = {}
    for storm in at_once.values():
        if len(storm) < most:
            continue
        lead = min(storm, key=lambda f: (len(f.key.slice.terms), -f.evidence.score, f.key))
        changed[lead.breakdown_id] = replace(lead, stands_for=len(storm) - 1)
        for finding in storm:
            if finding is not lead:
                changed[finding.breakdown_id] = under(finding, lead)
                lead_of[finding.breakdown_id] = lead
    moved = []
    for finding in findings:
        above = lead_of.get(finding.part_of or "")
        now = under(finding, above) if above else finding
        moved.append(changed.get(finding.breakdown_id, now))
    return tuple(moved)
