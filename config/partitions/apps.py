from django.apps import AppConfig

from config.migrating import migrated
from config.partitions.after_migrate import make_coming_months


class PartitionsConfig(AppConfig):
    """The app that makes the coming months after each migrate."""

    name = "config.partitions"

    def ready(self) -> None:
        migrated.connect(make_coming_months)
