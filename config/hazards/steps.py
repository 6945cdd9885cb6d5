"""What SQL the operations of a plan stand for, without running any of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import (
    CreateModel,
    Migration,
    RunPython,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import IndexOperation, ModelOperation
from django.db.migrations.state import ProjectState

from config.hazards.statements import unquoted
from config.hazards.written import executed_by, statements_in
from config.postgres.backend import DatabaseSchemaEditor
from config.postgres.enums import enum_field


class StepError(Exception):
    """What an operation does cannot be told."""


@dataclass(frozen=True)
class Step:
    """One operation of a migration, the states before and after it, and its statements."""

    connection: BaseDatabaseWrapper
    migration: Migration
    operation: Operation
    before: ProjectState
    after: ProjectState
    statements: list[str]
    written: Operation
    """The operation as the migration lists it: `operation`, or what `operation` is wrapped in."""

    @property
    def app_label(self) -> str:
        return self.migration.app_label

    @property
    def model_name(self) -> str:
        """Of the model that the operation is about; '' if it is about none."""
        if isinstance(self.operation, ModelOperation):
            return self.operation.name_lower
        if isinstance(self.operation, (FieldOperation, IndexOperation)):
            return self.operation.model_name_lower
        return ""

    @property
    def model(self) -> Any:
        """That model as it was before; None if it was not there."""
        if (self.app_label, self.model_name) not in self.before.models:
            return None
        return self.before.apps.get_model(self.app_label, self.model_name)

    @property
    def is_written_by_hand(self) -> bool:
        """Whether its statements are somebody's own, and not those of Django or of ours."""
        return isinstance(self.operation, (RunPython, RunSQL))

    @property
    def in_transaction(self) -> bool:
        return bool(self.migration.atomic or self.operation.atomic)


SUFFIXES = {"primary_key": "_pkey", "unique": "_uniq", "foreign_key": "_fk_", "check": "_check"}


class Collector(DatabaseSchemaEditor):
    """Collects SQL without a look at the schema, which is not yet in the state of a later step."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__(connection, collect_sql=True, atomic=False)
        self.exchanged: list[str] = []

    def change_enum_labels(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Note that another type takes the place of an enum type; the SQL needs a live one."""
        self.exchanged.append(name)

    def _constraint_names(
        self, model: Any, column_names: Any = None, exclude: Any = None, **kinds: Any
    ) -> list[str]:
        suffix = next((SUFFIXES[kind] for kind in SUFFIXES if kinds.get(kind)), "")
        names = [self._create_index_name(model._meta.db_table, column_names or [], suffix)]
        if kinds.get("index"):
            fields = [field for field in model._meta.local_fields if field.column in column_names]
            editor: Any = self
            like = [editor._create_like_index_sql(model, field) for field in fields]
            names += [unquoted(str(sql.parts["name"])) for sql in like if sql]
        return [name for name in names if name not in (exclude or ())]

    def _get_sequence_name(self, table: str, column: str) -> str:
        return f"{table}_{column}_seq"

    def _is_collation_deterministic(self, collation_name: str) -> bool:
        return True


def read_steps(
    connection: BaseDatabaseWrapper, migration: Migration, state: ProjectState
) -> list[Step]:
    """The steps of `migration`, which `state` is before; it is after it in the end.

    Raises StepError if an operation does not tell its SQL.
    """
    try:
        return _read_steps(connection, migration, state)
    except Error:
        raise
    except Exception as error:  # an operation is a program: anything may go wrong
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise StepError(f"The SQL of migration {migration} cannot be told. {reason}") from error


def _read_steps(
    connection: BaseDatabaseWrapper, migration: Migration, state: ProjectState
) -> list[Step]:
    steps: list[Step] = []
    deferred: list[tuple[Any, list[str]]] = []
    with Collector(connection) as editor:
        for operation, written, before, after in _states(migration, state):
            _collect(editor, migration.app_label, operation, before, after)
            statements = [*_statements(editor, operation), *_exchanges(editor, before)]
            steps.append(Step(connection, migration, operation, before, after, statements, written))
            known = {id(sql) for sql, _ in deferred}
            deferred += [(sql, statements) for sql in editor.deferred_sql if id(sql) not in known]
        # What Django puts off until the end of the migration is still of the step that asked.
        for sql, statements in deferred:
            if any(sql is kept for kept in editor.deferred_sql):
                editor.execute(sql, None)
                statements += _taken(editor)
        editor.deferred_sql.clear()
    return steps


def _collect(
    editor: Collector,
    app_label: str,
    operation: Operation,
    before: ProjectState,
    after: ProjectState,
) -> None:
    if isinstance(operation, CreateModel):
        editor.collected_sql += _new_tables(app_label, operation)
    elif operation.reduces_to_sql:
        operation.database_forwards(app_label, editor, before, after)


def _statements(editor: Collector, operation: Operation) -> list[str]:
    taken = _taken(editor)
    if isinstance(operation, RunPython):
        return executed_by(operation.code)
    if isinstance(operation, RunSQL):
        return [statement for script in taken for statement in statements_in(script)]
    return taken


def read_operations(
    connection: BaseDatabaseWrapper, app_label: str, operations: Sequence[Operation], state: Any
) -> list[Step]:
    """The steps of a migration that holds `operations`; `state` stays as it is."""
    migration: Any = Migration("hypothetical", app_label)
    migration.operations = [*operations]
    return read_steps(connection, migration, state.clone())


def read_reverse(step: Step) -> list[str]:
    """The statements that take `step` back."""
    with Collector(step.connection) as editor:
        step.operation.database_backwards(step.app_label, editor, step.after, step.before)
    return _taken(editor)


def _states(
    migration: Migration, state: ProjectState
) -> Iterator[tuple[Operation, Operation, ProjectState, ProjectState]]:
    """Each operation, the one that it is written in, and the states before and after it."""
    for written in migration.operations:
        before = state.clone()
        written.state_forwards(migration.app_label, state)
        if not isinstance(written, SeparateDatabaseAndState):
            yield written, written, before, state.clone()
            continue
        for operation in written.database_operations:
            after = before.clone()
            operation.state_forwards(migration.app_label, after)
            yield operation, written, before, after
            before = after


def _new_tables(app_label: str, operation: CreateModel) -> Iterator[str]:
    """In place of the SQL for them, in which nothing is dangerous, and which takes Django long."""
    table = operation.options.get("db_table") or f"{app_label}_{operation.name_lower}"
    fields: Sequence[tuple[str, Any]] = operation.fields
    links = [field.db_table or f"{table}_{name}" for name, field in fields if field.many_to_many]
    for name in [table, *links] if operation.options.get("managed", True) else []:
        yield f'CREATE TABLE "{name}" ();'


def _exchanges(editor: Collector, state: ProjectState) -> Iterator[str]:
    """What another enum type means for the tables that use it."""
    quote = editor.quote_name
    for name in editor.exchanged:
        for model in state.apps.get_models(include_auto_created=True):
            for field in model._meta.local_fields:
                if (enum := enum_field(field)) and enum.type_name == name:
                    table, column = quote(model._meta.db_table), quote(field.column or "")
                    data_type = field.db_type(editor.connection)
                    yield f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {data_type};"
    editor.exchanged.clear()


def _taken(editor: Collector) -> list[str]:
    taken: list[str] = editor.collected_sql
    editor.collected_sql = []
    return taken
