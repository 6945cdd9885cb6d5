from django.apps import AppConfig
from django.core import checks

from config.citus.distribution_checks import check_distribution


class CitusConfig(AppConfig):
    """The app that registers the system checks of the layout on a cluster."""

    name = "config.citus"

    def ready(self) -> None:
        checks.register(check_distribution, checks.Tags.models)
