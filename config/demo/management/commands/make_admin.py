from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo.administrator import find_administrator, make_administrator
from config.demo.errors import DemoError
from config.demo.load import check_migrated
from config.demo.options import connection_named
from config.project import typed


class Command(BaseCommand):
    help = "Make an administrator's account unless there is one, and print its password this once."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", default="admin@example.com", help="Of the new account.")
        parser.add_argument("--database", default="default", help="Which connection.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_migrated(connection_named(options["database"]))
            self.stdout.write(self.log_in(options["email"], options["database"]))
        except DemoError as error:
            raise CommandError(str(error)) from error

    def log_in(self, email: str, database: str) -> str:
        """How to, with the password if it is a new one."""
        if account := find_administrator(database):
            email, password = account.email, "the password that it was made with"
        else:
            password = f"password {make_administrator(email, database)}, which is shown only now"
        return (
            f"Log in as {email} with {password}.\n"
            f"To set another password: {typed(f'changepassword {email}')}"
        )
