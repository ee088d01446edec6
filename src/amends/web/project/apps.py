"""The project as an app: it has checks and templates of its own."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """See the package's docstring."""

    name = "amends.web.project"
    label = "project"

    def ready(self) -> None:
        """Tell the rules of alerts where deadlines are looked up, and who follows causes."""
        from amends.web.alerts.breaches import provide  # noqa: PLC0415 - models are loaded by now
        from amends.web.classify.publishing import causes_moved  # noqa: PLC0415
        from amends.web.project.breaches import breaches  # noqa: PLC0415
        from amends.web.project.following import follow  # noqa: PLC0415

        provide(breaches)
        causes_moved.connect(follow, dispatch_uid="amends.following")
