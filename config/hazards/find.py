"""The hazards of a plan of migrations."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.hazards.rules import BLOCKING, Hazard, hazard, judge, of_operation, own_codes
from config.hazards.sizes import Size, Sizes
from config.hazards.squawk import lint
from config.hazards.statements import created_table, dropped_table, renamed_table, table_of
from config.hazards.steps import Step, read_steps
from config.postgres import Plan
from config.postgres.enums import running

# That can stand in SQL for something else, and so are no functions that PostgreSQL knows.
KEYWORDS = {"array", "cast", "check", "coalesce", "decimal", "numeric", "varchar"}


@dataclass(frozen=True)
class Finding:
    """An operation, and what is dangerous about it."""

    step: Step
    hazards: Sequence[Hazard]

    @property
    def migration(self) -> Migration:
        return self.step.migration

    @property
    def dangers(self) -> list[Hazard]:
        """Those that nobody has accepted."""
        reasons = reasons_of(self.migration)
        return [item for item in self.hazards if not item.is_advice and item.code not in reasons]


def reasons_of(migration: Migration) -> Mapping[str, str]:
    """By code, why the author of a migration accepts a hazard: its `hazards_accepted`."""
    reasons = getattr(migration, "hazards_accepted", {})
    return reasons if isinstance(reasons, Mapping) else {}


class Tables:
    """Which tables somebody may be using, and how much they hold."""

    def __init__(self, sizes: Sizes | None) -> None:
        self.sizes = None if sizes is None else dict(sizes)
        self._new: set[str] = set()
        self._dropped: set[str] = set()
        self._of_initial: dict[str, set[str]] = {}

    def begin(self, migration: Migration) -> None:
        """The tables of an app are new until its initial migrations, if several, are through."""
        initial = self._of_initial.setdefault(migration.app_label, set())
        self._new = initial if migration.initial else set()
        self._dropped.clear()

    def learn(self, sql: str) -> None:
        """A table that a migration drops, and creates anew, was in use."""
        dropped, created = dropped_table(sql), created_table(sql)
        if dropped and dropped not in self._new:
            self._dropped.add(dropped)
        if created and created not in self._dropped:
            self._new.add(created)
        if renamed := renamed_table(sql):
            old, new = renamed
            if old in self._new:
                self._new.add(new)
            if self.sizes and old in self.sizes:
                self.sizes[new] = self.sizes[old]

    def is_used(self, table: str) -> bool:
        if not table or table in self._new:
            return not table
        return self.sizes is None or table in self.sizes

    def size(self, table: str) -> Size | None:
        return (self.sizes or {}).get(table)

    def is_small(self, table: str) -> bool:
        """Of a statement that names no table: whether all tables are small."""
        if self.sizes is None:
            return False
        sizes = [self.sizes[table]] if table in self.sizes else self.sizes.values()
        return all(size.is_small for size in sizes)


def find(
    connection: BaseDatabaseWrapper,
    plan: Plan,
    state: ProjectState,
    sizes: Sizes | None = None,
    app_labels: Collection[str] | None = None,
) -> list[Finding]:
    """What is dangerous about the migrations of `plan` that go forward, in their order.

    `state` is that before the plan, and is changed. Without `sizes` every table that a migration
    does not create itself counts as big and in use. `app_labels` limits what is looked at.
    Nothing is run. Raises SquawkError if the linter cannot be asked, and StepError.
    """
    tables = Tables(sizes)
    findings: list[Finding] = []
    with running(plan):
        for migration, backwards in plan:
            if backwards or not (app_labels is None or migration.app_label in app_labels):
                migration.mutate_state(state, preserve=False)
                continue
            tables.begin(migration)
            findings += _of_migration(read_steps(connection, migration, state), tables)
    return findings


def _of_migration(steps: Sequence[Step], tables: Tables) -> Iterator[Finding]:
    for step in steps:
        for sql in step.statements:
            tables.learn(sql)
    found: dict[int, list[Hazard]] = {number: [] for number in range(len(steps))}
    locks = [set(_locked(step, tables)) for step in steps]
    for number, step in enumerate(steps):
        found[number] += of_operation(step, set().union(*locks[:number], *locks[number + 1 :]))
        for sql in step.statements:
            found[number] += [hazard(code, sql, step) for code in own_codes(step, sql)]
    for number, item in _linted(steps, tables):
        found[number].append(item)
    for number, hazards in found.items():
        kept = {item.code: item for item in hazards if _counts(item, tables)}
        if kept:
            yield Finding(steps[number], list(kept.values()))


def _counts(item: Hazard, tables: Tables) -> bool:
    if not tables.is_used(item.table):
        return False
    return item.code not in BLOCKING or not tables.is_small(item.table)


def _locked(step: Step, tables: Tables) -> Iterator[str]:
    """Tables that the step leaves locked until the end of its transaction."""
    for sql in step.statements if step.migration.atomic else ():
        if (table := table_of(sql)) and tables.is_used(table):
            yield table


def _linted(steps: Sequence[Step], tables: Tables) -> Iterator[tuple[int, Hazard]]:
    """The number of a step, and a hazard of it that the linter knows."""
    statements = [(number, sql) for number, step in enumerate(steps) for sql in step.statements]
    if not any(tables.is_used(table_of(sql)) for _, sql in statements):
        return
    connection: Any = steps[0].connection
    functions = Functions(connection)
    for warning in lint(
        [sql for _, sql in statements],
        connection.pg_version // 10000,
        in_transaction=bool(steps[0].migration.atomic),
    ):
        number, sql = statements[warning.statement]
        step = steps[number]
        if code := judge(step, sql, warning.rule, warning.message, functions.are_volatile):
            yield number, hazard(code, sql, step, warning.message)


class Functions:
    """What the server knows about functions."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection

    def are_volatile(self, names: Collection[str]) -> bool:
        """Whether one of them may give another value each time; so may one that is unknown."""
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT proname, bool_or(provolatile = 'v') FROM pg_proc"
                " WHERE proname = ANY (%s) GROUP BY proname",
                [list(names)],
            )
            known = dict(cursor.fetchall())
        return any(known.get(name, name not in KEYWORDS) for name in names)


def by_operation(findings: Sequence[Finding]) -> dict[int, list[Finding]]:
    """The findings of each operation, by the id of what the migration lists."""
    found: dict[int, list[Finding]] = {}
    for finding in findings:
        operation: Operation = finding.step.written
        found.setdefault(id(operation), []).append(finding)
    return found
