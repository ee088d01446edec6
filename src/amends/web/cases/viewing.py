"""Who looks at a case now: a page tells every 20 seconds that it is open."""

from datetime import datetime, timedelta
from typing import Final

from amends.web.accounts.models import User
from amends.web.cases.models import Case, Viewer

GONE_AFTER: Final = timedelta(seconds=50)
"""Two beats of the page may be lost."""


def seen_by(person: User, case: Case, now: datetime) -> list[str]:
    """Note that a person looks at a case; return the names of the others who do."""
    Viewer.objects.update_or_create(case=case, person=person, defaults={"at": now})
    Viewer.objects.filter(at__lt=now - GONE_AFTER).delete()
    others = Viewer.objects.filter(case=case).exclude(person=person).select_related("person")
    return [viewer.person.short_name for viewer in others.order_by("person__name", "pk")]
