from django.apps import AppConfig
from django.core import checks


class PostgresConfig(AppConfig):
    """The app that registers the system checks of enum types."""

    name = "config.postgres"
    label = "config_postgres"  # django.contrib.postgres is "postgres"
    verbose_name = "PostgreSQL"

    def ready(self) -> None:
        from config.postgres.enums import check_enum_types

        checks.register(check_enum_types, checks.Tags.models)
