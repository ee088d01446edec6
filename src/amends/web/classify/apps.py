"""The app's entry in Django's registry."""

from django.apps import AppConfig


class ClassifyConfig(AppConfig):
    """Causes."""

    name = "amends.web.classify"
    label = "classify"

    def ready(self) -> None:
        """Give the causes on pages the names of the taxonomy in force."""
        from amends.web.classify.queries import name_of  # noqa: PLC0415 - models need the registry
        from amends.web.intake.naming import name_causes  # noqa: PLC0415 - like the line above

        name_causes(name_of)
