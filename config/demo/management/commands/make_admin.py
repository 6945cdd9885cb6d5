"""The command make_admin, which creates an administrator."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.console import add_database_option, chosen_connection
from config.demo.administrator import administrator
from config.migrating import check_migrated
from config.project import typed


class Command(BaseCommand):
    help = "Create an administrator if there is none, and print the password once."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--email", default="admin@example.com", help="Address of the new account."
        )
        add_database_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        check_migrated(chosen_connection(options["database"]))
        with administrator(options["email"], options["database"]) as (email, password):
            self.stdout.write(how_to_log_in(email, password))
            self.stdout.flush()


def how_to_log_in(email: str, new_password: str) -> str:
    known = "the password that it was created with"
    password = f"password {new_password}, which is shown only now" if new_password else known
    return (
        f"Log in as {email} with {password}.\n"
        f"To set another password: {typed(f'changepassword {email}')}"
    )
