import os
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.color import no_style
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from config.database import report
from config.database.advice import Advice, read_advice
from config.database.catalog import Catalog, CatalogError, Schema, read_schema
from config.database.errors import explain
from config.database.expected import fingerprint, read_expected
from config.database.snapshot import read_snapshot, write_snapshot
from config.database.verify import Result, verify

DRIFT, COULD_NOT_COMPARE = 1, 2


class Command(BaseCommand):
    """Exit status 0: identical; 1: drift; 2: could not compare."""

    help = "Compare the live database with the models, to the last attribute. Changes nothing."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app_label", nargs="*", help="Compare these apps only.")
        parser.add_argument(
            "--database", default="default", choices=tuple(connections), help="Which connection."
        )
        output = parser.add_mutually_exclusive_group()
        output.add_argument("--format", choices=("text", "json", "github"), default="text")
        output.add_argument("--sql", action="store_true", help="Print only the repair script.")
        output.add_argument(
            "--snapshot", type=Path, metavar="FILE", help="Write what is expected, and stop."
        )
        parser.add_argument(
            "--expect",
            type=Path,
            metavar="FILE",
            help="Compare with a snapshot, where temporary tables cannot be made.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        try:
            if options["snapshot"]:
                save(connection, options["snapshot"])
                return
            check_labels(options["app_label"])
            result = compare(connection, options["app_label"], options["expect"])
            advice = [] if options["sql"] else read_advice(connection, result.schema)
        except (Error, CatalogError) as error:
            reason = explain(error) if isinstance(error, Error) else str(error)
            raise CommandError(reason or str(error), returncode=COULD_NOT_COMPARE) from error
        self.stdout.write(self.rendered(result, advice, options))
        if result.findings:
            raise SystemExit(DRIFT)

    def rendered(self, result: Result, advice: list[Advice], options: dict[str, Any]) -> str:
        if options["sql"]:
            return "\n".join(map(str, result.script()))
        if options["format"] == "json":
            return report.as_json(result, advice)
        if options["format"] == "github":
            return report.github(result, advice, model_files())
        style = no_style() if "NO_COLOR" in os.environ else self.style
        return report.text(result, advice, style, options["verbosity"])


def compare(
    connection: BaseDatabaseWrapper, app_labels: Collection[str], snapshot: Path | None
) -> Result:
    expectation = partial(of_snapshot, snapshot) if snapshot else None
    return verify(connection, expectation, app_labels, settings.VERIFY_SCHEMA_IGNORE)


def of_snapshot(path: Path, connection: BaseDatabaseWrapper, schema: Schema) -> Catalog:
    return read_snapshot(path, schema.major_version, fingerprint(connection))


def save(connection: BaseDatabaseWrapper, path: Path) -> None:
    major_version = read_schema(connection).major_version
    write_snapshot(path, read_expected(connection), major_version, fingerprint(connection))


def check_labels(app_labels: Collection[str]) -> None:
    for app_label in app_labels:
        try:
            apps.get_app_config(app_label)
        except LookupError as error:
            raise CommandError(str(error), returncode=COULD_NOT_COMPARE) from error


def model_files() -> dict[str, str]:
    """By table, the file that its model is in, as GitHub names it."""
    return {
        model._meta.db_table: f"{model.__module__.replace('.', '/')}.py"
        for model in apps.get_models()
    }
