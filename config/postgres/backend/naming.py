"""The part of the schema editor that deals with names: derived names, renames, other schemas."""

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from typing import Any

from django.db.backends.ddl_references import Statement
from django.db.backends.postgresql import schema
from django.db.backends.utils import split_identifier
from django.db.models import Model

from config.postgres.backend.derived_names import (
    CHOSEN_BY_POSTGRESQL,
    PARTITION_NAMES,
    POSSIBLE_RENAMINGS,
    DerivedName,
    Kind,
    Renaming,
    derived_names,
)
from config.postgres.names import MAX_BYTES, chosen_by_postgresql, shortened
from config.postgres.partition_declaration import in_schema_of, monthly_partitions, moved_partition
from config.postgres.queries import read_rows


class NamingSchemaEditor(schema.DatabaseSchemaEditor):
    """A schema editor that names objects after tables and columns, and renames them together."""

    # Indexes and constraints need a schema in SQL if the schema is not in the search path.
    sql_delete_fk = (
        "SET CONSTRAINTS %(schema)s%(name)s IMMEDIATE; "
        "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s"
    )
    sql_delete_index = "DROP INDEX IF EXISTS %(schema)s%(name)s"
    sql_delete_index_concurrently = "DROP INDEX CONCURRENTLY IF EXISTS %(schema)s%(name)s"
    sql_rename_index = "ALTER INDEX %(schema)s%(old_name)s RENAME TO %(new_name)s"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Collected SQL is not executed, so the database keeps the old names. These dictionaries map
        # new names to the old names.
        self._collected_columns: dict[tuple[str, str], str] = {}
        self._collected_names: dict[str, str] = {}
        self.unpartitioned: dict[str, tuple[str, str]] = {}
        """The column and the default partition of removed MonthlyPartitions, by table."""

    # Derived names

    def _create_index_name(
        self, table_name: str, column_names: Sequence[str], suffix: str = ""
    ) -> str:
        """Return `<table>_<columns>_<fk, uniq, idx, ...>` without the hash that Django adds."""
        kind = "fk" if suffix.startswith("_fk_") else suffix.strip("_") or "idx"
        if kind == "pk":  # as CREATE TABLE names a primary key
            kind, column_names = "pkey", ()
        stem = "_".join([split_identifier(table_name)[1], *column_names])
        return f"{shortened(stem, MAX_BYTES - len(kind) - 1)}_{kind}"

    def _derived_name(self, table: str, columns: Sequence[str], suffix: str) -> str:
        if suffix in CHOSEN_BY_POSTGRESQL:
            [column] = columns
            return chosen_by_postgresql(split_identifier(table)[1], column, suffix)
        return self._create_index_name(table, columns, suffix)

    def _iter_column_sql(
        self, column_db_type: str, params: Any, model: type[Model], field: Any, *args: Any
    ) -> Iterator[str]:
        """Add the derived names of constraints, and NOT NULL to generated columns."""
        table = model._meta.db_table
        for part in super()._iter_column_sql(column_db_type, params, model, field, *args):
            if part == "PRIMARY KEY" and monthly_partitions(model):
                continue  # the key has two columns, so it is a constraint of the table
            if part == "UNIQUE":
                yield self._constraint_clause(table, [field.column], "_uniq")
            elif part == "PRIMARY KEY" and len(table.encode()) > MAX_BYTES - len("_pkey"):
                yield self._constraint_clause(table, [], "_pkey")
            yield part
        if field.generated and not field.null:
            yield "NOT NULL"
        if field.db_parameters(self.connection)["check"]:
            yield self._constraint_clause(table, [field.column], "_check")  # Django appends CHECK

    def _constraint_clause(self, table: str, columns: Sequence[str], suffix: str) -> str:
        return f"CONSTRAINT {self.quote_name(self._create_index_name(table, columns, suffix))}"

    # Renamed tables and columns

    def alter_db_table(self, model: type[Model], old_db_table: str, new_db_table: str) -> None:
        """Rename the table or move it to another schema, with the objects named after it."""
        if old_db_table == new_db_table:
            return
        self._run_deferred()
        partitions = list(self._partition_renames(model, old_db_table, new_db_table))
        for old_and_new in [(old_db_table, new_db_table), *partitions]:
            for statement in self._table_rename_sql(*old_and_new):
                self.execute(statement, None)
        if self.collect_sql:
            found = self.collected_table_renames.pop(old_db_table, old_db_table)
            self.collected_table_renames[new_db_table] = found
        for deferred in self._deferred_statements():
            deferred.rename_table_references(old_db_table, new_db_table)
        names = [(name, old_db_table, name.columns) for name in derived_names(self, model)]
        self._rename_derived(model, new_db_table, names)

    def _table_rename_sql(self, old_table: str, new_table: str) -> Iterator[str]:
        quote = self.quote_name
        (old_schema, old), (new_schema, new) = map(split_identifier, (old_table, new_table))
        if old_schema != new_schema:
            new_schema = new_schema or self._default_schema()
            yield f"ALTER TABLE {quote(old_table)} SET SCHEMA {quote(new_schema)}"
            old_table = f'{new_schema}"."{old}'
        if old != new:
            yield f"ALTER TABLE {quote(old_table)} RENAME TO {quote(new)}"

    def _partition_renames(
        self, model: type[Model], old_table: str, new_table: str
    ) -> Iterator[tuple[str, str]]:
        """Yield the old and the new name of each partition of a table that is renamed."""
        found = self._existing_name(old_table)
        for name in self._partition_names(found) if monthly_partitions(model) else ():
            _, bare = split_identifier(moved_partition(name, found, old_table))
            yield in_schema_of(old_table, bare), moved_partition(name, found, new_table)

    def _partition_tables(self, model: type[Model]) -> list[str]:
        """Return the partitions of the table in the form of db_table."""
        table = model._meta.db_table
        names = self._partition_names(self._existing_name(table))
        return [in_schema_of(table, name) for name in names]

    def _existing_name(self, table: str) -> str:
        """Return the name of the table in the database, without the renames in collected SQL."""
        return self.collected_table_renames.get(table, table) if self.collect_sql else table

    def _partition_names(self, table: str) -> list[str]:
        rows = read_rows(self.connection, PARTITION_NAMES, [self.quote_name(table)])
        return [name for (name,) in rows]

    def _default_schema(self) -> str:
        [(name,)] = read_rows(self.connection, "SELECT current_schema()")
        return str(name)

    def _alter_field(
        self,
        model: type[Model],
        old_field: Any,
        new_field: Any,
        old_type: str,
        new_type: str,
        old_params: Any,
        new_params: Any,
        strict: bool = False,
    ) -> None:
        """Alter the column under its old name, then rename it and the objects named after it."""
        unrenamed = copy(new_field)
        unrenamed.column = old_field.column
        new_params = unrenamed.db_parameters(self.connection)
        # With a new comment, Django also sets the type, which fails if a view uses the column.
        commented = copy(old_field)
        commented.db_comment = new_field.db_comment
        super()._alter_field(
            model, commented, unrenamed, old_type, new_type, old_params, new_params, strict
        )
        if old_field.db_comment != new_field.db_comment:
            self.execute(
                *self._alter_column_comment_sql(model, unrenamed, new_type, new_field.db_comment)
            )
        # Django creates the LIKE index of a text column only together with its ordinary index.
        was_indexed = old_field.unique or (old_field.db_index and not new_field.unique)
        was_like = self._create_like_index_sql(model, old_field)
        if was_indexed and not was_like and (like := self._create_like_index_sql(model, unrenamed)):
            self.execute(like, None)
        if unrenamed.column != new_field.column:
            self._rename_column(model, unrenamed, new_field)

    def _rename_column(self, model: type[Model], old_field: Any, new_field: Any) -> None:
        table, old, new = model._meta.db_table, old_field.column, new_field.column
        self._run_deferred()
        self.execute(self._rename_field_sql(table, old_field, new_field, ""), None)
        if self.collect_sql:
            found_table = self._existing_name(table)
            found = self._collected_columns.pop((found_table, old), old)
            self._collected_columns[found_table, new] = found
        partitioned_by, default = self.unpartitioned.get(table, ("", ""))
        if partitioned_by == old:
            self.unpartitioned[table] = (new, default)
        for deferred in self._deferred_statements():
            deferred.rename_column_references(table, old, new)
        names = [
            (name, table, [old if column == new else column for column in name.columns])
            for name in derived_names(self, new_field.model)
            # Both columns of a many-to-many table are renamed; see _alter_many_to_many().
            if len(name.columns) == 1 or not new_field.model._meta.auto_created
        ]
        self._rename_derived(new_field.model, table, names)

    def _alter_many_to_many(
        self, model: type[Model], old_field: Any, new_field: Any, strict: bool
    ) -> None:
        """Rename the constraint on both columns after the columns are renamed."""
        super()._alter_many_to_many(model, old_field, new_field, strict)
        old, new = old_field.remote_field.through, new_field.remote_field.through
        table = new._meta.db_table
        before, after = (
            [name for name in derived_names(self, through) if len(name.columns) > 1]
            for through in (old, new)
        )
        names = [(name, table, was.columns) for was, name in zip(before, after, strict=True)]
        self._rename_derived(new, table, names)

    def _deferred_statements(self) -> list[Statement]:
        return [sql for sql in self.deferred_sql if isinstance(sql, Statement)]

    def _run_deferred(self) -> None:
        """Run deferred statements now, because a name in them is about to change.

        Foreign keys stay deferred. They contain no label, and may need a table that the migration
        creates later.
        """
        for statement in list(self.deferred_sql):
            if getattr(statement, "template", "") != self.sql_create_fk:
                self.deferred_sql.remove(statement)
                self.execute(statement, None)

    def _rename_derived(
        self,
        model: type[Model],
        table: str,
        names: Iterable[tuple[DerivedName, str, Sequence[str]]],
    ) -> None:
        """Rename objects of `table` to their derived names, except those that the model names.

        Each of `names` is a new name, with the table and the columns of the old name.
        """
        renamings = [
            Renaming(
                name.kind,
                self._derived_name(old_table, old_columns, name.suffix),
                self._derived_name(table, name.columns, name.suffix),
            )
            for name, old_table, old_columns in names
        ]
        given = _given_names(model)
        deferred = {str(sql.parts.get("name")) for sql in self._deferred_statements()}
        wanted = [
            item
            for item in renamings
            if item.old not in {*given, item.new} and self.quote_name(item.new) not in deferred
        ]
        if wanted and not self.collect_sql:
            wanted = self._possible_renamings(table, wanted)
        for item in wanted:
            self._rename(table, *item)

    def _rename(self, table: str, kind: Kind, old: str, new: str) -> None:
        old_name, new_name = self.quote_name(old), self.quote_name(new)
        if kind == "CONSTRAINT":
            action = f"RENAME CONSTRAINT {old_name} TO {new_name}"
            self.execute(f"ALTER TABLE {self.quote_name(table)} {action}", None)
        else:
            schema_prefix = self.schema_prefix(table)
            self.execute(f"ALTER {kind} {schema_prefix}{old_name} RENAME TO {new_name}", None)
        self._collected_names[new] = self._collected_names.pop(old, old)

    def _possible_renamings(self, table: str, renamings: Sequence[Renaming]) -> list[Renaming]:
        columns = [list(column) for column in zip(*renamings, strict=True)]
        parameters = [self.quote_name(table), *columns]
        rows = read_rows(self.connection, POSSIBLE_RENAMINGS, parameters)
        return [Renaming(*row) for row in rows]

    def _constraint_names(
        self,
        model: type[Model],
        column_names: Any = None,
        *,
        exclude: Iterable[str] | None = None,
        **kinds: Any,
    ) -> list[str]:
        """Return the derived names of constraints, after the renames in collected SQL.

        Leave out the names that the model declares, because Django mistakes the index of a
        conditional UniqueConstraint for the index of the column.
        """
        exclude = {*(exclude or ()), *_given_names(model)}
        if not self.collect_sql:
            return super()._constraint_names(model, column_names, exclude=exclude, **kinds)
        table = self._existing_name(model._meta.db_table)
        found_columns = column_names and [
            self._collected_columns.get((table, column), column) for column in column_names
        ]
        names = super()._constraint_names(model, found_columns, exclude=exclude, **kinds)
        renamed = {found: name for name, found in self._collected_names.items()}
        return [renamed.get(name, name) for name in names]

    # Tables in other schemas

    def schema_prefix(self, table: str) -> str:
        """Return the quoted schema of `table` and a dot, or '' if `table` names no schema."""
        schema_name, _ = split_identifier(table)
        return f"{self.quote_name(schema_name)}." if schema_name else ""

    def _delete_constraint_sql(self, template: str, model: type[Model], name: str) -> Statement:
        return self._with_schema(model, super()._delete_constraint_sql(template, model, name))

    def _delete_index_sql(self, model: type[Model], name: str, *args: Any, **options: Any) -> Any:
        return self._with_schema(model, super()._delete_index_sql(model, name, *args, **options))

    def _rename_index_sql(self, model: type[Model], old_name: str, new_name: str) -> Statement:
        return self._with_schema(model, super()._rename_index_sql(model, old_name, new_name))

    def _with_schema(self, model: type[Model], statement: Statement) -> Statement:
        statement.parts["schema"] = self.schema_prefix(model._meta.db_table)
        return statement

    def _get_sequence_name(self, table: str, column: str) -> str | None:
        name = super()._get_sequence_name(table, column)
        schema_name, _ = split_identifier(table)
        return f'{schema_name}"."{name}' if name and schema_name else name


def _given_names(model: type[Model]) -> set[str]:
    return {item.name for item in (*model._meta.constraints, *model._meta.indexes)}
