"""The database of the web's tests; what happens to it happens in processes of their own."""

from tests.with_django import django_db_modify_db_settings, set_up_django

set_up_django()

__all__ = ["django_db_modify_db_settings"]
