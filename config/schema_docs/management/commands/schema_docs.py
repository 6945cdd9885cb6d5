"""manage.py schema_docs: write docs/schema.md, or say whether it is current."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.postgres.catalog import CatalogError
from config.schema_docs.dictionary import read_dictionary
from config.schema_docs.markdown import render

PATH = settings.BASE_DIR / "docs" / "schema.md"
AGAIN = "manage.py schema_docs"


class Command(BaseCommand):
    help = "Write docs/schema.md: diagrams and the data dictionary, drawn from the models."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, default=PATH, help="Another file.")
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; fail if the file is stale."
        )

    def handle(self, *args: Any, path: Path, check: bool, **options: Any) -> None:
        try:
            content = render(read_dictionary(connection))
            if check:
                check_current(path, content)
            else:
                path.write_text(content, encoding="utf-8", newline="\n")
        except CatalogError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            verb = "read" if check else "write"
            raise CommandError(f"Cannot {verb} {shown(path)}: {error.strerror}.") from error


def check_current(path: Path, content: str) -> None:
    """Raises CommandError if the file says anything else."""
    if not path.exists():
        raise CommandError(f"{shown(path)} does not exist. Write it: {AGAIN}")
    if path.read_bytes() != content.encode():
        raise CommandError(
            f"{shown(path)} is stale: the models have changed, or it was edited. "
            f"Write it again: {AGAIN}"
        )


def shown(path: Path) -> Path:
    """From the root of the project, if it is below it."""
    return path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path
