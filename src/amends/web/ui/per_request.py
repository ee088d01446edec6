"""Reads that are done once a request, however many parts of a page ask.

Outside of requests, in the worker and at the command line, each is done every time: nobody says
there when what another process changed has to be seen.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from django.core.signals import request_finished, request_started
from django.db.models import Model
from django.db.models.signals import post_save

T = TypeVar("T")


class PerRequest(Generic[T]):
    """A read whose answer is kept until the request ends, another begins, or a model is saved."""

    def __init__(self, read: Callable[[], T], *models: type[Model]) -> None:
        self._read = read
        self._is_serving = False
        self._known: list[T] = []
        request_started.connect(self._begin, weak=False)
        request_finished.connect(self._end, weak=False)
        for model in models:
            post_save.connect(self.forget, sender=model, weak=False)

    def __call__(self) -> T:
        """Return what was read."""
        for known in tuple(self._known):  # another thread may forget it meanwhile
            return known
        found = self._read()
        if self._is_serving:
            self._known[:] = [found]
        return found

    def forget(self, **_: object) -> None:
        """Have it read again."""
        self._known.clear()

    def _begin(self, **_: object) -> None:
        self._is_serving = True
        self._known.clear()

    def _end(self, **_: object) -> None:
        self._is_serving = False
        self._known.clear()
