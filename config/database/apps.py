"""The PostgreSQL machinery: enum types, the embedded server, migrations that can be trusted."""

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import pre_migrate


class DatabaseConfig(AppConfig):
    name = "config.database"
    label = "database"
    verbose_name = "PostgreSQL machinery"

    def ready(self) -> None:
        from config.postgres.enums.checks import check_enum_types
        from config.postgres.enums.operations import look_ahead

        checks.register(check_enum_types, checks.Tags.models)
        pre_migrate.connect(look_ahead, sender=self)
