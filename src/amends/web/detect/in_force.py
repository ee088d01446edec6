"""The settings of the watch in force: the budget shared among the series, and accepted levels."""

from amends.engine.contracts import NewLevel
from amends.engine.detect import DetectConfig
from amends.flows.watch import config_for
from amends.web.detect.models import Series


def config_in_force(measure: str) -> DetectConfig:  # noqa: ARG001
    """Return the settings under which a measure is watched."""
    return config_for(Series.objects.count())


def levels_in_force(measure: str) -> tuple[NewLevel, ...]:  # noqa: ARG001
    """Return what people accepted as the new normal in series of a measure."""
    return ()
