"""The choice of a database, and the refusal of standbys, which take no changes."""

from django.core.management.base import CommandError, CommandParser
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


def add_database_option(parser: CommandParser) -> None:
    """Add the option --database, for chosen_connection()."""
    parser.add_argument(
        "--database",
        default="default",
        choices=tuple(connections),
        help="The database, by its alias in DATABASES.",
    )


def chosen_connection(alias: str) -> BaseDatabaseWrapper:
    """Return the connection with this alias. Raise CommandError for the alias of a standby.

    In the settings of a standby, TEST MIRROR names its primary.
    """
    connection = connections[alias]
    if primary := connection.settings_dict["TEST"]["MIRROR"]:
        raise CommandError(
            f"The connection {alias} leads to a standby, which has the tables and rows of its "
            f"primary. Use --database {primary}."
        )
    return connection


def check_takes_changes(connection: BaseDatabaseWrapper) -> None:
    """Raise CommandError if the server is a standby."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        if cursor.fetchone()[0]:
            raise CommandError(
                "The server is a standby, which takes no changes. Nothing was changed. Point "
                "DATABASE_URL at the primary."
            )
