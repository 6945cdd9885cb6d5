from django.apps import AppConfig
from django.core import checks

from config.postgres.enums import check_enum_types
from config.postgres.name_checks import check_names
from config.postgres.partition_checks import check_partitions


class PostgresConfig(AppConfig):
    """The app with the system checks of names, enum types and partitions."""

    name = "config.postgres"
    label = "config_postgres"  # django.contrib.postgres is "postgres"
    verbose_name = "PostgreSQL"

    def ready(self) -> None:
        checks.register(check_enum_types, checks.Tags.models)
        checks.register(check_names, checks.Tags.models)
        checks.register(check_partitions, checks.Tags.models)
