"""Operations of any kind, rewritten statement by statement."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from django.db.migrations import RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation

from config.hazards.alternatives.field_copies import default_value
from config.hazards.alternatives.migration_files import AFTERWARDS, NOW, Alternative, NewMigration
from config.hazards.alternatives.statement_rewrites import (
    ReversibleSQL,
    rewrite_statement,
    run_sql,
    script,
)
from config.hazards.operation_sql import OperationSQL, read_reverse
from config.hazards.statements import normalized
from config.postgres import Backfill, monthly_partitions

WIDER = {"changing-column-type": "The values stay as they are, so the table is not rewritten."}
ON_PARTITIONS = re.compile(
    r"(?:CREATE|CREATE UNIQUE|DROP) INDEX |.* ADD CONSTRAINT \S+ (?:UNIQUE|PRIMARY KEY) "
)
BEFORE_18 = re.compile(rf"{ON_PARTITIONS.pattern}|.* ADD CONSTRAINT \S+ FOREIGN KEY ")
"""Also matches foreign keys. On a partitioned table, PostgreSQL before 18 refuses NOT VALID."""
CREATES_OR_DROPS = re.compile(r"(CREATE|DROP) |.* (ADD|DROP) CONSTRAINT ")


def rewrite_operation(operation: OperationSQL) -> Alternative | None:
    """Return migrations that run the operation's statements without their long locks.

    The last migration also changes the state. Return None if no statement can be rewritten.
    """
    statements = _lasting(operation.statements)
    rewrites = {
        sql: None if _is_impossible(operation, sql) else rewrite_statement(sql)
        for sql in statements
    }
    safe = [rewritten for rewritten in rewrites.values() if rewritten]
    kept = [sql for sql, rewritten in rewrites.items() if not rewritten]
    if not safe or (kept and operation.is_written_by_hand):
        return None
    first, alone, last = (list(chain(*parts)) for parts in zip(*safe, strict=True))
    accepted = WIDER if any(" TYPE " in sql for sql in kept) else {}
    migrations = [
        NewMigration(NOW, [*_kept(operation, kept), *run_sql(first)], accepted=accepted),
        *_backfill(operation, statements),
        NewMigration(AFTERWARDS, run_sql(_with_dropped_indexes(operation, alone)), atomic=False),
        NewMigration(AFTERWARDS, run_sql(last)),
    ]
    *others, final = (migration for migration in migrations if migration.operations)
    final = replace(
        final,
        when=final.when if others else NOW,
        operations=_with_state(operation, final.operations),
    )
    return Alternative("Do it in parts that block other sessions only briefly.", [*others, final])


def _is_impossible(operation: OperationSQL, sql: str) -> bool:
    """Return whether the rewritten statement fails because the table is partitioned."""
    if not (operation.model and monthly_partitions(operation.model)):
        return False
    connection: Any = operation.connection
    pattern = ON_PARTITIONS if connection.pg_version >= 180000 else BEFORE_18
    return pattern.match(sql) is not None


def _lasting(statements: Sequence[str]) -> list[str]:
    """Return the statements whose effect lasts until the end of the operation.

    Leave out a default that Django sets and drops, and a foreign key that it drops and recreates.
    """
    texts = [normalized(sql) for sql in statements]
    dropped = {name for sql in texts for name in re.findall(r' DROP CONSTRAINT "([^"]+)"', sql)}
    keys = r' ADD CONSTRAINT "([^"]+)" FOREIGN KEY '
    recreated = dropped & {name for sql in texts for name in re.findall(keys, sql)}
    undone = [rf'.* (ADD|DROP) CONSTRAINT "{re.escape(name)}"' for name in recreated]
    for sql in texts:
        column = sql.removesuffix("DROP DEFAULT")
        if column != sql and any(other.startswith(f"{column}SET DEFAULT ") for other in texts):
            undone.append(rf"{re.escape(column)}(SET|DROP) DEFAULT\b")
    undone.append("UPDATE ")  # a Backfill replaces the UPDATE
    return [sql for sql in texts if not any(re.match(pattern, sql) for pattern in undone)]


def _with_dropped_indexes(
    operation: OperationSQL, statements: Sequence[ReversibleSQL]
) -> list[ReversibleSQL]:
    """Return the statements, with a reverse of each DROP INDEX that creates the index again."""
    drops = any(item.forwards.startswith("DROP ") for item in statements)
    if not drops or not operation.change.reversible:
        return [*statements]
    rewrites = filter(None, map(rewrite_statement, read_reverse(operation)))
    reverse = [item for rewritten in rewrites for item in rewritten.alone]
    creation = {item.backwards: item.forwards for item in reverse}
    return [
        item._replace(backwards=item.backwards or creation.pop(item.forwards, ""))
        for item in statements
    ]


def _kept(operation: OperationSQL, statements: Sequence[str]) -> list[Operation]:
    """Return an operation that runs the statements unchanged, and undoes them as Django does."""
    if not statements:
        return []
    reverse = _lasting(read_reverse(operation))
    reverse = [sql for sql in reverse if not CREATES_OR_DROPS.match(sql)]
    return [RunSQL(script(statements), script(reverse))]


def _backfill(operation: OperationSQL, statements: Sequence[str]) -> Iterator[NewMigration]:
    """Yield a migration that replaces NULL with the default, if the column becomes NOT NULL."""
    if any(sql.endswith(" SET NOT NULL") for sql in statements) and operation.model_name:
        change = operation.change
        value = default_value(change.field)
        if value is not None:
            fill = Backfill(change.model_name, change.name, value)
            yield NewMigration(AFTERWARDS, [fill], atomic=False)


def _with_state(operation: OperationSQL, operations: Sequence[Operation]) -> list[Operation]:
    """Return the operations, wrapped to change the state in the same way as `operation`."""
    changes = [operation.change]
    if operation.is_written_by_hand:
        changes = operation.change.state_operations
    if operation.listed is not operation.change or not changes:
        return [*operations]
    return [SeparateDatabaseAndState(state_operations=changes, database_operations=[*operations])]
