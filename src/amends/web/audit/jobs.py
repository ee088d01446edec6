"""What the worker does about the audit trail: seal it, every minute."""

from procrastinate.contrib.django import app

from amends.web.audit.chain import seal


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="audit.seal_trail", pass_context=False)
def seal_trail(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Chain what was committed since the last time."""
    seal()
