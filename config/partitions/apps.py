from django.apps import AppConfig

from config.migrating import migrated, migrating
from config.partitions.after_migrate import make_coming_months, remove_unfinished_copies


class PartitionsConfig(AppConfig):
    """The app that makes the coming months after each migrate, and clears up before."""

    name = "config.partitions"

    def ready(self) -> None:
        migrating.connect(remove_unfinished_copies)
        migrated.connect(make_coming_months)
