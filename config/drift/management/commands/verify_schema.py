import inspect
import os
import sys
from collections.abc import Collection
from functools import partial
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    no_translations,
)
from django.core.management.color import no_style
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import EXIT_STATUS, OutputError, delivered
from config.drift import report
from config.drift.advice import Advice, read_advice
from config.drift.comparison import Result, read_apps, reading, verify
from config.drift.expected import fingerprint, read_expected
from config.drift.failures import check_engine, one_line
from config.drift.snapshot import read_snapshot, write_snapshot
from config.drift.text_report import TextReport
from config.postgres.catalog import Catalog, CatalogError, Schema
from config.postgres.enums import enum_field

DRIFT = 1
COULD_NOT_COMPARE = EXIT_STATUS["verify_schema"]
FORMATS = ("text", "json", "github")
CONNECT_TIMEOUT = 10  # seconds
WIDTH_OF_A_FILE = 100  # of output that goes to no terminal
MAX_WIDTH = 120


class Command(BaseCommand):
    """Exit status 0: identical; 1: drift; 2: could not compare."""

    help = (
        "Compare the live database with the models, to the last attribute. Changes nothing. "
        "Exit status 0: identical; 1: drift; 2: could not compare."
    )
    requires_system_checks = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if os.environ.get("NO_COLOR"):  # no-color.org; --force-color is stronger
            self.style = no_style()
            self.stderr.style_func = None

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app_label", nargs="*", help="Compare these apps only.")
        parser.add_argument("--database", default="default", help="Which connection.")
        output = parser.add_mutually_exclusive_group()
        output.add_argument("--format", default="text", help=f"One of {', '.join(FORMATS)}.")
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

    def execute(self, *args: Any, **options: Any) -> None:
        try:
            super().execute(*args, **options)
        except CommandError as error:  # also Django's own, of options that contradict each other
            error.returncode = COULD_NOT_COMPARE
            raise

    @no_translations  # as makemigrations, whose detector it asks
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            check_options(options)
            connection = connections[options["database"]]
            check_engine(connection)
            # While somebody has locked the catalog itself, nobody is let in.
            connection.settings_dict["OPTIONS"].setdefault("connect_timeout", CONNECT_TIMEOUT)
            if options["snapshot"]:
                save(connection, options["snapshot"])
                return
            result = compare(connection, options["app_label"], options["expect"])
            advice = advice_on(connection, result, options)
            with delivered(self.stdout):
                self.print(result, advice, options)
        except (Error, CatalogError, OutputError, ImproperlyConfigured) as error:
            raise CommandError(one_line(error)) from error
        if result.findings:
            sys.exit(DRIFT)

    def print(self, result: Result, advice: list[Advice], options: dict[str, Any]) -> None:
        if options["sql"]:
            self.write_exactly(report.script(result))
        elif options["format"] == "json":
            self.write_exactly(report.as_json(result, advice))
        elif options["format"] == "github":
            self.write(report.github(result, advice, places()))
        else:
            colored = options["force_color"] or self.stdout.isatty()
            style = self.style if colored else no_style()
            width = min(get_terminal_size((WIDTH_OF_A_FILE, 24)).columns, MAX_WIDTH)
            text = TextReport(result, style, width, options["verbosity"])
            self.write(text.render(advice))

    def write(self, output: str) -> None:
        """With escapes for characters that stdout does not know."""
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        self.stdout.write(output.encode(encoding, "backslashreplace").decode(encoding))

    def write_exactly(self, output: str) -> None:
        try:
            if output:
                self.stdout.write(output)
        except UnicodeEncodeError as error:
            raise OutputError(
                f"The script has characters that the output's encoding {error.encoding} lacks. "
                "Set PYTHONIOENCODING=utf-8."
            ) from error


def check_options(options: dict[str, Any]) -> None:
    """Raises CatalogError if there is not what they name, or they contradict each other."""
    if options["format"] not in FORMATS:
        known = ", ".join(FORMATS)
        raise CatalogError(f"There is no format {options['format']!r}. There are: {known}.")
    if options["database"] not in connections.settings:
        known = ", ".join(connections.settings)
        raise CatalogError(f"There is no database {options['database']!r}. There are: {known}.")
    if options["snapshot"] and (options["app_label"] or options["expect"]):
        raise CatalogError("A snapshot is of all apps, and of what the models say.")
    known_labels = {app.label for app in read_apps()}
    for app_label in options["app_label"]:
        if app_label not in known_labels:
            raise CatalogError(
                f"There is no app {app_label!r} that has tables. "
                f"There are: {', '.join(sorted(known_labels))}."
            )


def compare(
    connection: BaseDatabaseWrapper, app_labels: Collection[str], snapshot: Path | None
) -> Result:
    expectation = partial(of_snapshot, snapshot) if snapshot else None
    return verify(connection, expectation, app_labels, settings.VERIFY_SCHEMA_IGNORE)


def of_snapshot(path: Path, connection: BaseDatabaseWrapper, schema: Schema) -> Catalog:
    return read_snapshot(path, schema.major_version, fingerprint(connection))


def save(connection: BaseDatabaseWrapper, path: Path) -> None:
    with reading(connection) as schema:
        catalog, models = read_expected(connection), fingerprint(connection)
    write_snapshot(path, catalog, schema.major_version, models)


def advice_on(
    connection: BaseDatabaseWrapper, result: Result, options: dict[str, Any]
) -> list[Advice]:
    """Nothing where nobody would see it."""
    if options["sql"] or (options["format"] == "text" and not options["verbosity"]):
        return []
    own = [table for app in result.apps if not app.package for table in app.tables]
    tables = [table for app in result.apps for table in app.tables]
    with reading(connection) as schema:
        return read_advice(connection, schema, tables, own)


def places() -> dict[str, report.Place]:
    """Where the models and enum classes of this project's tables and types are written."""
    written: dict[str, type] = {}
    for app in read_apps():
        models = [] if app.package else apps.get_app_config(app.label).get_models()
        for model in models:
            written[model._meta.db_table] = model
            for field in model._meta.local_fields:
                if (enum := enum_field(field)) and enum.enum:
                    written[enum.type_name] = enum.enum
    return {name: place(cls) for name, cls in written.items()}


def place(cls: type) -> report.Place:
    file = Path(inspect.getfile(cls)).relative_to(settings.BASE_DIR)
    return report.Place(file.as_posix(), inspect.getsourcelines(cls)[1])
