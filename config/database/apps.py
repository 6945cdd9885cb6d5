"""The PostgreSQL machinery: enum types, the embedded server, migrations that can be trusted."""

from django.apps import AppConfig
from django.core import checks


class DatabaseConfig(AppConfig):
    name = "config.database"
    label = "database"
    verbose_name = "PostgreSQL machinery"

    def ready(self) -> None:
        from config.database.checks import check_enum_types

        checks.register(check_enum_types, checks.Tags.models)
