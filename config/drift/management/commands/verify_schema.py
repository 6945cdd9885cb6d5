import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from django.core.management.color import no_style
from django.db import Error

from config.console import (
    EXIT_STATUS,
    OutputError,
    add_database_option,
    chosen_connection,
    delivered,
    report_style,
)
from config.drift.advice import Advice, advise
from config.drift.comparison import Comparison, verify
from config.drift.expected import read_expected
from config.drift.live_schema import explain_failure
from config.drift.reports import github_report, json_report, repair_script, text_report
from config.drift.scope import read_apps
from config.drift.snapshot import read_snapshot, write_snapshot
from config.postgres.catalog import CatalogError

DRIFT = 1
COULD_NOT_COMPARE = EXIT_STATUS["verify_schema"]
CONNECT_TIMEOUT = 10  # seconds


class Command(BaseCommand):
    help = (
        "Compare every attribute of the live schema with the models, without changing anything. "
        "Exit status 0: identical; 1: drift; 2: could not compare."
    )
    requires_system_checks = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if os.environ.get("NO_COLOR"):  # see no-color.org
            self.style = no_style()
            self.stderr.style_func = None

    def add_arguments(self, parser: CommandParser) -> None:
        # For a wrong argument, print one line without argparse's usage.
        parser.print_usage = lambda file=None: None  # type: ignore[method-assign]
        labels = sorted(app.label for app in read_apps())
        parser.add_argument(
            "app_label",
            nargs="*",
            choices=labels,
            metavar="app_label",
            help="Compare only these apps.",
        )
        add_database_option(parser)
        output = parser.add_mutually_exclusive_group()
        output.add_argument("--format", default="text", choices=("text", "json", "github"))
        output.add_argument("--sql", action="store_true", help="Print only the repair script.")
        output.add_argument(
            "--snapshot",
            type=Path,
            metavar="FILE",
            help="Write the expected schema to a file, and compare nothing.",
        )
        parser.add_argument(
            "--expect",
            type=Path,
            metavar="FILE",
            help="Compare with a snapshot, if you cannot create temporary tables.",
        )

    def execute(self, *args: Any, **options: Any) -> None:
        try:
            super().execute(*args, **options)
        except CommandError as error:  # Django raises it for conflicting options
            error.returncode = COULD_NOT_COMPARE
            raise

    @no_translations  # as in makemigrations, because the same autodetector runs here
    def handle(self, *args: Any, **options: Any) -> None:
        if options["snapshot"] and (options["app_label"] or options["expect"]):
            raise CommandError(
                "A snapshot contains the schema of all apps. "
                "Use --snapshot without app labels and without --expect."
            )
        connection = chosen_connection(options["database"])
        # While another session locks pg_catalog, the server accepts no connection.
        connection.settings_dict["OPTIONS"].setdefault("connect_timeout", CONNECT_TIMEOUT)
        try:
            if options["snapshot"]:
                write_snapshot(options["snapshot"], connection)
                return
            snapshot = options["expect"]
            expectation = partial(read_snapshot, snapshot) if snapshot else read_expected
            ignored = settings.VERIFY_SCHEMA_IGNORE
            comparison = verify(connection, expectation, options["app_label"], ignored)
            only_verdict = options["format"] == "text" and not options["verbosity"]
            advice = [] if options["sql"] or only_verdict else advise(connection, comparison)
            with delivered(self.stdout):
                self.print(comparison, advice, options)
        except (Error, CatalogError, OutputError, ImproperlyConfigured) as error:
            raise CommandError(explain_failure(error)) from error
        if comparison.findings:
            sys.exit(DRIFT)

    def print(self, comparison: Comparison, advice: list[Advice], options: dict[str, Any]) -> None:
        """Print the report in the chosen format."""
        if options["sql"]:
            self.write_exactly(repair_script(comparison))
        elif options["format"] == "json":
            self.write_exactly(json_report(comparison, advice))
        elif options["format"] == "github":
            self.write_escaped(github_report(comparison, advice))
        else:
            style, width = report_style(self, force_color=options["force_color"])
            verbosity = options["verbosity"]
            self.write_escaped(text_report(comparison, advice, style, width, verbosity))

    def write_escaped(self, output: str) -> None:
        """Write the output, and escape characters that stdout cannot encode."""
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        self.stdout.write(output.encode(encoding, "backslashreplace").decode(encoding))

    def write_exactly(self, output: str) -> None:
        """Write the output. Raise OutputError if stdout cannot encode it."""
        try:
            if output:
                self.stdout.write(output)
        except UnicodeEncodeError as error:
            raise OutputError(
                f"The script has characters that stdout's encoding {error.encoding} lacks. "
                "Set PYTHONIOENCODING=utf-8."
            ) from error
