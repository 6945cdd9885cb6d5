"""The conditions that hold after a journey, each checked on a copy of its database."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from difflib import unified_diff
from pathlib import Path

from django.db import connection

from tests.random_migrations import catalog, rows
from tests.random_migrations.catalog import DatabaseObject
from tests.random_migrations.journey import Journey, OracleError, Point, RefusalError, no_traceback
from tests.random_migrations.world import APPS
from tests.rollback.helpers import rollback
from tests.support.migrations import migrate, new_default_database, run_sql

UNASKED = re.compile(r"Data would be destroyed")
FOR_ROWS = re.compile(
    "Cannot remove label|(is|would be) NULL in|contains null values"
    "|must be unique|is violated in|do not fit type"
)
"""Refusals that are caused by rows, and do not occur with empty tables."""


def check_migrating_back(journey: Journey) -> None:
    """Check that migrating back to a point, and forwards again, restores the catalog."""
    point, last = journey.random.choice(journey.points[:-1]), journey.points[-1]
    with copied(journey):
        try:
            _migrate_back(point)
        except RefusalError as refused:
            expect_refused_for_rows("migrate backwards", refused)
            empty_tables(journey)
            _migrate_back(point)
        same("catalog after migrating back", point.lines, catalog.lines())
        journey.lab.checkout(point.files)
        journey.verify("after migrating back")
        journey.lab.checkout(last.files)
        journey.migrate("migrating back")
        same("catalog after migrating forwards again", last.lines, catalog.lines())


def _migrate_back(point: Point) -> None:
    with no_traceback("migrate backwards"):
        for app in reversed(APPS):
            migrate(app, point.leaves[app] or "zero")


def check_rollback(journey: Journey) -> None:
    """Check that a rollback lists what it removes, and that its backup restores everything."""
    point, last = journey.random.choice(journey.points[:-1]), journey.points[-1]
    arguments = list(APPS) if point is journey.points[0] else ["--to", later(point.moment)]
    with copied(journey):
        before = State()
        try:
            report = _roll_back(before, arguments)
        except RefusalError as refused:
            expect_refused_for_rows("rollback", refused)
            before.expect_unchanged("a rollback that refused")
            empty_tables(journey)
            before = State()
            report = _roll_back(before, arguments)
        if report is None:
            return
        _check_named(before.objects, report)
        same("catalog after rollback", point.lines, catalog.lines())
        journey.lab.checkout(point.files)
        journey.verify("after rollback")
        journey.lab.checkout(last.files)
        _restore(report)
        before.expect_unchanged("restore")
        journey.verify("after restore")


class State:
    """The contents of the current database."""

    def __init__(self) -> None:
        self.objects = catalog.objects()
        self.lines = catalog.lines(self.objects)
        self.rows = catalog.rows()
        self.dump = catalog.dump_lines()
        self.values = {item.identity: catalog.values(item) for item in self.objects}

    def expect_unchanged(self, what: str) -> None:
        now = State()
        same(f"catalog after {what}", self.lines, now.lines)
        same(f"rows after {what}", _shown(self.rows), _shown(now.rows))
        same(f"dump after {what}", self.dump, now.dump)


def _shown(found: dict[str, object]) -> list[str]:
    return sorted(f"{name} {value}" for name, value in found.items())


def _roll_back(before: State, arguments: list[str]) -> str | None:
    """Roll back, with consent to the loss of data only if rollback asks for it.

    Return the report, or None if there is nothing to roll back.
    """
    asked = False
    try:
        with no_traceback("rollback"):
            report = rollback(*arguments, "--noinput")
    except RefusalError as refused:
        if not UNASKED.search(str(refused)):
            raise
        before.expect_unchanged("a rollback without consent")
        asked = True
        with no_traceback("rollback"):
            report = rollback(*arguments, "--noinput", "--yes-destroy-data")
    text = "\n".join(report)
    if text.startswith("Nothing to roll back"):
        return None
    lost = [item for item in vanished_objects(before.objects) if before.values[item.identity]]
    if lost and not asked:
        raise OracleError("rollback destroys without consent", f"{names(lost)}\n{text}")
    if asked and not lost and "runs code" not in text:
        raise OracleError("rollback asks although nothing is lost", text)
    return text


def vanished_objects(before: Sequence[DatabaseObject]) -> list[DatabaseObject]:
    """Return the objects that no longer exist, without the parts of missing tables."""
    there = {item.identity for item in catalog.objects()}
    vanished = [item for item in before if item.identity not in there]
    tables = catalog.tables(vanished)
    names = {(each.schema, each.name) for each in tables}
    return [
        each
        for each in vanished
        if each in tables or (each.schema, each.name.split("\1")[0]) not in names
    ]


NAMED = (
    "table",
    "partitioned table",
    "view",
    "materialized view",
    "sequence",
    "enum type",
    "domain",
    "type",
    "function",
    "collation",
    "schema",
    "column",
)


def _check_named(before: Sequence[DatabaseObject], report: str) -> None:
    """Check that the report names each removed object, and counts as many as were removed."""
    plan = report.partition("\nBackup: ")[0].partition("\nThis destroys")[2]
    after = {(item.kind, item.schema, item.name) for item in catalog.objects()}
    vanished = [
        item
        for item in vanished_objects(before)
        if item.kind in NAMED
        and not (item.kind == "enum type" and (item.kind, item.schema, item.name) in after)
    ]
    words = " ".join(plan.split())
    missing = [
        item
        for item in vanished
        if not all(" ".join(part.split()) in words for part in item.name.split("\1"))
    ]
    if missing:
        raise OracleError("rollback does not list what it removes", f"{names(missing)}\n{report}")
    for kind in COUNTED:
        listed = sum(int(n) for n in re.findall(rf"^  (\d+) {kind}s?: ", plan, flags=re.MULTILINE))
        if listed != (found := sum(_shown_kind(item) == kind for item in vanished)):
            raise OracleError(
                "rollback lists more than it removes",
                f"{listed} {kind}, removed: {found}\n{report}",
            )


def _shown_kind(item: DatabaseObject) -> str:
    """Return the kind as the report names it: a partitioned table is a table."""
    return item.kind.removeprefix("partitioned ")


COUNTED = ("table", "view", "materialized view", "enum type", "function", "domain")


def names(found: Sequence[DatabaseObject]) -> str:
    return ", ".join(f"{each.kind} {each.schema}.{each.name}" for each in found).replace("\1", ".")


def _restore(report: str) -> None:
    [path] = re.findall(r"^Backup: (.+) \(.*\)$", report, flags=re.MULTILINE)
    with no_traceback("restore"):
        rollback("--restore", Path(path.strip("'")), "--noinput", "--yes-destroy-data")
    connection.close()


def expect_refused_for_rows(what: str, refused: RefusalError) -> None:
    if not FOR_ROWS.search(str(refused)):
        raise OracleError(f"{what} refuses", str(refused))


def empty_tables(journey: Journey) -> None:
    for schema, name in rows.tables_not_in(journey.base):
        run_sql(f"TRUNCATE {catalog.quoted(schema, name)} CASCADE")


def later(moment: str) -> str:
    """Return the moment one microsecond later."""
    return (datetime.fromisoformat(moment) + timedelta(microseconds=1)).isoformat()


def same(what: str, expected: Sequence[str], found: Sequence[str]) -> None:
    if expected != found:
        lines = unified_diff(expected, found, "before", "after", lineterm="", n=0)
        raise OracleError(what, "\n".join(lines).replace("\1", "."))


@contextmanager
def copied(journey: Journey) -> Iterator[None]:
    """Work on a copy of the journey's database, with the last files, until the block ends."""
    connection.close()
    journey.lab.checkout(journey.points[-1].files)
    with new_default_database(str(connection.settings_dict["NAME"])):
        yield
    journey.lab.checkout(journey.points[-1].files)
