from django.apps import AppConfig
from django.core import checks
from django.db.migrations.state import ProjectState

from config.postgres.enums import check_enum_types
from config.postgres.name_checks import check_names
from config.postgres.partition_checks import check_partitions
from config.postgres.project_states import rename_field


class PostgresConfig(AppConfig):
    """The app with the system checks of names, enum types and partitions.

    The app also replaces ProjectState.rename_field(). Django's method changes other states, too.
    """

    name = "config.postgres"
    label = "config_postgres"  # django.contrib.postgres is "postgres"
    verbose_name = "PostgreSQL"

    def ready(self) -> None:
        ProjectState.rename_field = rename_field  # type: ignore[method-assign]
        checks.register(check_enum_types, checks.Tags.models)
        checks.register(check_names, checks.Tags.models)
        checks.register(check_partitions, checks.Tags.models)
