"""The command schema_docs, which writes docs/schema.md or checks that it is current."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.postgres.catalog import CatalogError
from config.project import from_root
from config.schema_docs.dictionary import read_dictionary
from config.schema_docs.markdown import render

SCHEMA_DOCS = settings.BASE_DIR / "docs" / "schema.md"


class Command(BaseCommand):
    help = "Write docs/schema.md: diagrams and a data dictionary of the models."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", nargs="?", type=Path, default=SCHEMA_DOCS, help="Write another file instead."
        )
        parser.add_argument(
            "--check", action="store_true", help="Do not write; fail if the file is stale."
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
            raise CommandError(f"Cannot {verb} {from_root(path)}: {error.strerror}.") from error


def check_current(path: Path, content: str) -> None:
    """Raise CommandError if the content of the file differs from `content`."""
    if not path.exists():
        raise CommandError(
            f"{from_root(path)} does not exist. Write it with: manage.py schema_docs"
        )
    if path.read_bytes() != content.encode():
        raise CommandError(
            f"{from_root(path)} is stale: the models have changed, or the file was edited. "
            "Write it again with: manage.py schema_docs"
        )
