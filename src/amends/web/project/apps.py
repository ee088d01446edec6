"""The project as an app: it has checks and templates of its own."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """See the package's docstring."""

    name = "amends.web.project"
    label = "project"

    def ready(self) -> None:
        """Tell the rules of alerts where deadlines of cases are looked up."""
        from amends.web.alerts.breaches import provide  # noqa: PLC0415 - models are loaded by now
        from amends.web.project.breaches import breaches  # noqa: PLC0415

        provide(breaches)
