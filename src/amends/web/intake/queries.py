"""Named reads of signals: the bar of filters, lists, one signal, quarantine."""

from amends.web.intake.filter_bar import FilterBar, filter_bar

__all__ = ["FilterBar", "filter_bar"]
