"""A run of random steps, each of which changes the apps, migrates, and fills the tables."""

import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from io import StringIO
from random import Random
from unittest.mock import patch

from django.apps import apps
from django.core import checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from config.console import explain
from tests.random_migrations import catalog, rows
from tests.random_migrations.apps import RandomApps
from tests.random_migrations.edits import EDITS, several
from tests.random_migrations.handwritten import STATE_ONLY, WRITTEN
from tests.random_migrations.world import APPS, Choice, World
from tests.support.migrations import migrate, run_sql
from tests.support.verify_schema import IDENTICAL, verify_schema

HEADER = """\
from django.db import migrations, models
from config.postgres import AlterEnum


class Migration(migrations.Migration):
    dependencies = {}
    operations = [
        {}
    ]
"""
REFUSED_NAMES = (
    "enums.E005",
    "enums.E006",
    "enums.E007",
    "models.E018",
    "models.E019",
    "names.E001",
)
"""Checks that refuse names that are too long or taken."""
SCHEMAS = 'CREATE SCHEMA IF NOT EXISTS "sales"'


class OracleError(AssertionError):
    """A failed check: `kind` is the oracle, and `detail` the difference."""

    def __init__(self, kind: str, detail: str, files: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail
        self.files = files or {}


class RefusalError(Exception):
    """The refusal of a command, in one line."""


@contextmanager
def no_traceback(what: str) -> Iterator[None]:
    """Raise RefusalError for an error that manage.py shows in one line, else OracleError."""
    try:
        yield
    except (OracleError, RefusalError):
        raise
    except CommandError as error:
        raise RefusalError(str(error)) from error
    except Exception as error:
        if message := explain(error):
            raise RefusalError(message) from error
        raise OracleError(f"traceback of {what}", traceback.format_exc()) from error


@dataclass
class Point:
    """The models, files and migrations after a step."""

    world: World
    files: Mapping[str, str]
    leaves: Mapping[str, str]
    """The last migration of each app; '' if it has none."""
    lines: Sequence[str]
    moment: str
    """The time at which its last migration was applied."""


@dataclass
class Journey:
    """The apps, and the points that they have reached in the database of the alias "default"."""

    lab: RandomApps
    random: Random
    world: World = field(default_factory=World)
    points: list[Point] = field(default_factory=list)
    base: set[tuple[str, int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.all_labels = self.random.random() < 0.5
        run_sql(SCHEMAS)
        self.base = {item.identity for item in catalog.objects()}
        self.lab.checkout(self.files())
        self.points.append(self.point())

    def files(self) -> dict[str, str]:
        """Return the source of the models of `world`, and of the existing migrations, by path."""
        found = self.lab.files()
        return found | {f"{app}/models.py": self.world.source(app) for app in APPS}

    def point(self) -> Point:
        applied = MigrationRecorder(connection).applied_migrations().values()
        return Point(
            deepcopy(self.world),
            self.lab.files(),
            {app: self.lab.leaf(app) for app in APPS},
            catalog.lines(),
            max(record.applied for record in applied).isoformat(),
        )

    def advance(self, choice: Choice) -> bool:
        """Take one step; return whether it found something to change."""
        before, files = deepcopy(self.world), self.lab.files()
        written = self._change(choice)
        if written is None:
            self.world = before
            return False
        self.lab.checkout(self.files())
        if errors := model_errors():
            if others := [error for error in errors if error.id not in REFUSED_NAMES]:
                raise OracleError("checks", "\n".join(map(str, others)))
            self.world = before
            self.lab.checkout(files)
            return False
        self._write_migrations(choice, written)
        self.migrate(choice.step)
        rows.fill(
            rows.tables_not_in(self.base),
            self.random,
            100 * len(self.points),
            all_labels=self.all_labels,
        )
        self.points.append(self.point())
        return True

    def _change(self, choice: Choice) -> tuple[str, str] | None:
        """Change the world; return the app and the operations of a handwritten migration.

        Return empty strings if makemigrations writes it, and None if there is nothing to change.
        """
        if write := WRITTEN.get(choice.step):
            return write(self.world, choice.random)
        edit = EDITS.get(choice.step) or STATE_ONLY.get(choice.step) or several
        return ("", "") if edit(self.world, choice.random) else None

    def _write_migrations(self, choice: Choice, written: tuple[str, str]) -> None:
        app, operations = written
        earlier = self.lab.files()
        name = f"s{len(self.points)}"
        if app:
            last = self.lab.leaf(app)
            number = int(last[:4]) + 1 if last else 1
            leaves = [(label, leaf) for label in APPS if (leaf := self.lab.leaf(label))]
            body = operations.replace("\n", "\n        ")
            path = f"{app}/migrations/{number:04}_{name}.py"
            self.lab.checkout(earlier | {path: HEADER.format(leaves, body)})
        else:
            self.make_migrations(name)
        if choice.step in STATE_ONLY:
            files = self.lab.files().items()
            new = {path: _state_only(text) for path, text in files if path not in earlier}
            self.lab.checkout(earlier | new)
        if "No changes" not in (again := self.make_migrations("again", "--dry-run")):
            raise OracleError("makemigrations is not done", again)

    def make_migrations(self, name: str, *arguments: str) -> str:
        output = StringIO()
        with patch("builtins.input", yes), no_traceback("makemigrations"):
            call_command(
                "makemigrations", *APPS, "--name", name, *arguments, stdout=output, no_color=True
            )
        if not arguments:
            self.lab.reload()
        return output.getvalue()

    def migrate(self, why: str) -> None:
        try:
            with no_traceback(f"migrate after {why}"):
                migrate()
        except RefusalError as refused:
            raise OracleError(f"migrate refuses after {why}", str(refused)) from refused
        self.verify(f"after {why}")

    def verify(self, when: str) -> None:
        with no_traceback(f"verify_schema {when}"):
            run = verify_schema()
        if run.verdict != IDENTICAL:
            raise OracleError(f"verify_schema {when}", f"{run.out}\n{run.err}")


def yes(question: object = "") -> str:
    return "y"


def model_errors() -> list[checks.CheckMessage]:
    """Return the errors of Django's and the project's checks of the random apps."""
    configs = [apps.get_app_config(app) for app in APPS]
    found = checks.run_checks(app_configs=configs, databases=["default"])
    return [error for error in found if error.level >= checks.ERROR]


def _state_only(source: str) -> str:
    """Return the source of the migration, with operations that change only the state."""
    start, end = "operations = [", "\n    ]"
    head, _, rest = source.partition(start)
    body, _, tail = rest.rpartition(end)
    body = re.sub(r"^(?=.)", "    ", body, flags=re.MULTILINE)
    return (
        f"{head}{start}\n        migrations.SeparateDatabaseAndState(state_operations=[{body}"
        f"\n        ]),{end}{tail}"
    )
