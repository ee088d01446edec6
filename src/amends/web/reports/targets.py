"""What is aimed at: the defaults of a service that is run well; an organisation sets its own here.

Each is in the unit of its metric (`engine.track.catalogue`). Recovery NPS, first-contact resolution
and recontact are what customer-service benchmarks call good; resolution follows the case clocks
(`cases.clocks`): five days for a case of medium severity, most being lighter or quicker.
"""

from collections.abc import Mapping
from typing import Final

TARGETS: Final[Mapping[str, float]] = {
    "recovery_nps": 40.0,
    "resolution_median_days": 3.0,
    "fcr": 75.0,
    "ces_mean": 5.0,
    "recontact_rate": 10.0,
}
