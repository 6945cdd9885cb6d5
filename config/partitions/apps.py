from django.apps import AppConfig

from config.migrating import migrated, migrating
from config.partitions.after_migrate import drop_unfinished_copies, make_coming_months


class PartitionsConfig(AppConfig):
    """The app with the receivers that drop unfinished partitions and create coming months."""

    name = "config.partitions"

    def ready(self) -> None:
        migrating.connect(drop_unfinished_copies)
        migrated.connect(make_coming_months)
