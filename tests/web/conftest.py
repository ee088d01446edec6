"""Django for the tests of the web, and the fixed people."""

import pytest
from tests.with_django import django_db_modify_db_settings, set_up_django

set_up_django()

from tests.people import People, make_people  # noqa: E402  (models need Django set up)

__all__ = ["django_db_modify_db_settings"]


@pytest.fixture
def people(db: None) -> People:  # noqa: ARG001  (gives access to the database)
    return make_people()
