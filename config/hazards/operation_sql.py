"""The SQL statements of a migration's operations, read without running them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import CreateModel, Migration, RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import FieldOperation
from django.db.migrations.operations.models import IndexOperation, ModelOperation
from django.db.migrations.state import ProjectState

from config.console import explain_operation
from config.hazards.errors import HazardError, on_one_line
from config.hazards.statements import statements_in, unquoted
from config.postgres.backend import DatabaseSchemaEditor
from config.postgres.enums import enum_field


@dataclass(frozen=True)
class OperationSQL:
    """An operation of a migration, its statements, and the states before and after it."""

    connection: BaseDatabaseWrapper
    migration: Migration
    change: Any
    """The operation. Its attributes depend on its kind."""
    listed: Operation
    """The operation in the migration's list: `change`, or an operation that wraps it."""
    before: ProjectState
    after: ProjectState
    statements: list[str]

    @property
    def app_label(self) -> str:
        return self.migration.app_label

    @property
    def model_name(self) -> str:
        """The name of the model that the operation changes, or '' if there is none."""
        if isinstance(self.change, ModelOperation):
            return self.change.name_lower
        if isinstance(self.change, (FieldOperation, IndexOperation)):
            return self.change.model_name_lower
        return ""

    @property
    def model(self) -> Any:
        """The model before the operation, or None if it does not exist yet."""
        return _model(self, self.before)

    @property
    def table(self) -> str:
        """The model's table, or '' if there is none."""
        return self.model._meta.db_table if self.model else ""

    @property
    def field_before(self) -> Any:
        """The field before the operation, or None if there is none."""
        return _field(self.model, getattr(self.change, "name", ""))

    @property
    def field_after(self) -> Any:
        """The field after the operation, or None if there is none."""
        name = getattr(self.change, "new_name", "") or getattr(self.change, "name", "")
        return _field(_model(self, self.after), name)

    @property
    def constraints_and_indexes(self) -> list[Any]:
        """The constraints and indexes in the model's Meta before the operation."""
        options = self.before.models[self.app_label, self.model_name].options
        return [*options.get("constraints", ()), *options.get("indexes", ())]

    @property
    def is_written_by_hand(self) -> bool:
        """True if a person wrote the statements."""
        return isinstance(self.change, RunSQL)

    @property
    def in_transaction(self) -> bool:
        return bool(self.migration.atomic or self.change.atomic)


def _model(operation: OperationSQL, state: ProjectState) -> Any:
    if (operation.app_label, operation.model_name) not in state.models:
        return None
    return state.apps.get_model(operation.app_label, operation.model_name)


def _field(model: Any, name: str) -> Any:
    fields = model._meta.get_fields() if model else ()
    return next((field for field in fields if field.name == name), None)


SUFFIXES = {"primary_key": "_pkey", "unique": "_uniq", "foreign_key": "_fk_", "check": "_check"}


class CollectingSchemaEditor(DatabaseSchemaEditor):
    """A schema editor that collects SQL without reading the live schema.

    The live schema lacks the changes of earlier operations of the plan.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__(connection, collect_sql=True, atomic=False)
        self.replaced_types: list[str] = []

    def change_enum_labels(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Record that the type is replaced. The SQL cannot be collected without the live type."""
        self.replaced_types.append(name)

    def take(self) -> list[str]:
        """Return the statements collected so far, and forget them."""
        taken: list[str] = self.collected_sql
        self.collected_sql = []
        return taken

    def _constraint_names(
        self, model: Any, column_names: Any = None, exclude: Any = None, **kinds: Any
    ) -> list[str]:
        suffix = next((suffix for kind, suffix in SUFFIXES.items() if kinds.get(kind)), "")
        names = [self._create_index_name(model._meta.db_table, column_names or [], suffix)]
        if kinds.get("index"):
            fields = [field for field in model._meta.local_fields if field.column in column_names]
            editor: Any = self
            like = [editor._create_like_index_sql(model, field) for field in fields]
            names += [unquoted(str(sql.parts["name"])) for sql in like if sql]
        return [name for name in names if name not in (exclude or ())]

    def add_index(self, model: Any, index: Any, concurrently: bool = False) -> None:
        super(DatabaseSchemaEditor, self).add_index(model, index, concurrently)

    def remove_index(self, model: Any, index: Any, concurrently: bool = False) -> None:
        super(DatabaseSchemaEditor, self).remove_index(model, index, concurrently)

    def _partition_names(self, table: str) -> list[str]:
        return []  # a statement on a partition is as dangerous as a statement on its table

    def _get_sequence_name(self, table: str, column: str) -> str:
        return f"{table}_{column}_seq"

    def _is_collation_deterministic(self, collation_name: str) -> bool:
        return True


class MigrationSQL(NamedTuple):
    """The operations of a migration with their SQL, and the state after the migration."""

    operations: list[OperationSQL]
    after: ProjectState


def read_migration(
    connection: BaseDatabaseWrapper, migration: Migration, state: ProjectState
) -> MigrationSQL:
    """Return the SQL of `migration`, which starts from `state`.

    Raise HazardError if the SQL of an operation cannot be read.
    """
    try:
        return _read(connection, migration, state)
    except Error:
        raise
    except Exception as error:  # an operation runs any code, which may raise anything
        raise HazardError(
            explain_operation(error, action="read")
            or f"The SQL of migration {migration} cannot be read. {on_one_line(error)}"
        ) from error


def read_operations(
    connection: BaseDatabaseWrapper,
    app_label: str,
    operations: Sequence[Operation],
    state: ProjectState,
) -> list[OperationSQL]:
    """Return the SQL of `operations`, as in a migration that starts from `state`."""
    migration: Any = Migration("hypothetical", app_label)
    migration.operations = [*operations]
    return read_migration(connection, migration, state).operations


def read_reverse(operation: OperationSQL) -> list[str]:
    """Return the statements that undo `operation`."""
    with CollectingSchemaEditor(operation.connection) as editor:
        operation.change.database_backwards(
            operation.app_label, editor, operation.after, operation.before
        )
    return editor.take()


def _read(
    connection: BaseDatabaseWrapper, migration: Migration, state: ProjectState
) -> MigrationSQL:
    operations: list[OperationSQL] = []
    owners: dict[Any, list[str]] = {}
    with CollectingSchemaEditor(connection) as editor:
        for listed in migration.operations:
            before, state = state, state.clone()
            listed.state_forwards(migration.app_label, state)
            for item in _parts(
                OperationSQL(connection, migration, listed, listed, before, state, [])
            ):
                item.statements.extend(_statements(editor, item))
                operations.append(item)
                for sql in editor.deferred_sql:
                    owners.setdefault(sql, item.statements)
        # Django runs deferred SQL at the end of the migration. Add it to the deferring operation.
        for sql in editor.deferred_sql:
            editor.execute(sql, None)
            owners[sql] += editor.take()
        editor.deferred_sql.clear()
    return MigrationSQL(operations, state)


def _parts(whole: OperationSQL) -> Iterator[OperationSQL]:
    """Yield `whole`, or the operations on the database that a SeparateDatabaseAndState wraps."""
    if not isinstance(whole.listed, SeparateDatabaseAndState):
        yield whole
        return
    before = whole.before
    for change in whole.listed.database_operations:
        after = before.clone()
        change.state_forwards(whole.app_label, after)
        yield replace(whole, change=change, before=before, after=after, statements=[])
        before = after


def _statements(editor: CollectingSchemaEditor, operation: OperationSQL) -> list[str]:
    change = operation.change
    if isinstance(change, CreateModel):
        return list(_new_tables(operation.app_label, change))
    if change.reduces_to_sql:
        change.database_forwards(operation.app_label, editor, operation.before, operation.after)
    statements = [*editor.take(), *_replacements(editor, operation.before)]
    if operation.is_written_by_hand:
        return [statement for script in statements for statement in statements_in(script)]
    return statements


def _new_tables(app_label: str, change: CreateModel) -> Iterator[str]:
    """Yield a short form of the SQL, because the real SQL is slow to collect and not dangerous."""
    table = change.options.get("db_table") or f"{app_label}_{change.name_lower}"
    fields: Sequence[tuple[str, Any]] = change.fields
    links = [field.db_table or f"{table}_{name}" for name, field in fields if field.many_to_many]
    for name in [table, *links] if change.options.get("managed", True) else []:
        yield f'CREATE TABLE "{name}" ();'


def _replacements(editor: CollectingSchemaEditor, state: ProjectState) -> Iterator[str]:
    """Yield a statement for each column whose enum type is replaced by a new type."""
    quote = editor.quote_name
    for name in editor.replaced_types:
        for model in state.apps.get_models(include_auto_created=True):
            for field in model._meta.local_fields:
                if (enum := enum_field(field)) and enum.type_name == name:
                    table, column = quote(model._meta.db_table), quote(field.column or "")
                    data_type = field.db_type(editor.connection)
                    yield f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {data_type};"
    editor.replaced_types.clear()
