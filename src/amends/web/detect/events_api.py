"""`POST /api/v1/events`: programs tell of releases, campaigns, survey waves and staffing.

`docs/howto/send-events.md` tells how. The token is that of a source, as for signals.
"""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from amends.web.accounts.access import with_token
from amends.web.detect.planned import MOST, read_events, take_in
from amends.web.intake.accepting import SourceIsPaused
from amends.web.intake.answering import Refusal, refusals_answered
from amends.web.intake.bodies import records_of
from amends.web.intake.doors import token_door, token_on


@require_POST
@with_token(token_door)
@refusals_answered
def send(request: HttpRequest) -> HttpResponse:
    """Take in events, all or none; the same `external_id` again is the same event."""
    source = token_on(request).source
    if source.is_paused:
        raise SourceIsPaused(source)
    records = records_of(request)
    if len(records) > MOST:
        raise Refusal(
            413,
            f"The request holds {len(records):,} events; {MOST:,} are taken at once.",
            remedy="Send them in several requests.",
        )
    told = read_events([r if isinstance(r, Mapping) else None for r in records])
    answers = take_in(told, source.name)
    counts = {"new": answers.count("new"), "changed": answers.count("changed")}
    return JsonResponse({"events": len(answers), **counts, "answers": answers})
