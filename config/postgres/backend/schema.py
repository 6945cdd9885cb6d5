"""The schema editor of the PostgreSQL backend."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from django.core.management.base import CommandError
from django.db import Error, router, transaction
from django.db.backends.base.schema import _related_non_m2m_objects
from django.db.backends.utils import split_identifier
from django.db.models import BaseConstraint, CharField, Index, Model

from config.postgres.backend.cluster_schema import ClusterSchemaEditor
from config.postgres.backend.concurrent_index import is_built, renamed_index
from config.postgres.enums import (
    EnumField,
    Swap,
    check_removed,
    enum_field,
    find_enum,
    plan_swap,
    register_enum_arrays,
)
from config.postgres.field_names import IndexOrConstraint, is_in_expressions
from config.postgres.partition_declaration import MonthlyPartitions, monthly_partitions


class DatabaseSchemaEditor(ClusterSchemaEditor):
    """A schema editor for enum types, partitions, and columns that change their type."""

    # Django adds CASCADE, which also drops objects that no migration created.
    sql_delete_table = "DROP TABLE %(table)s"

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Run a statement. If `params` is left out, a % in `sql` must not be doubled."""
        # The parameters of a RunSQL may be an empty list. Then each % in its SQL is doubled.
        super().execute(sql, None if params == () else params)

    def _alter_column_comment_sql(self, *args: Any) -> tuple[str, Sequence[Any]]:
        sql, _ = super()._alter_column_comment_sql(*args)
        return sql, ()

    def create_model(self, model: type[Model]) -> None:
        self._create_missing_enums(model._meta.local_fields)
        super().create_model(model)
        if partitions := monthly_partitions(model):
            default, table = partitions.default_partition(model), model._meta.db_table
            self.execute(
                f"CREATE TABLE {self.quote_name(default)} "
                f"PARTITION OF {self.quote_name(table)} DEFAULT",
                None,
            )

    def table_sql(self, model: type[Model]) -> tuple[str, Sequence[Any]]:
        sql, params = super().table_sql(model)
        if partitions := monthly_partitions(model):
            sql += f" PARTITION BY RANGE ({self.quote_name(partitions.column(model))})"
        return sql, params

    def add_field(self, model: type[Model], field: Any) -> None:
        self._create_missing_enums([field])
        super().add_field(model, field)

    def _create_missing_enums(self, fields: Iterable[Any]) -> None:
        """Create the enum types of `fields` that no migration has created.

        A field with an enum class belongs to an app without migrations. With database routers, a
        migration skips a type while they allow no model that uses the type.
        """
        if self.collect_sql:
            return
        for field in fields:
            enum = _column_enum(field) if field.column else None
            if enum and (enum.enum or router.routers) and self.enum_labels(enum.type_name) is None:
                self.create_enum(enum.type_name, enum.labels)

    def enum_labels(self, name: str) -> list[str] | None:
        """Return the labels of the type in the database, or None if it does not exist."""
        enum = find_enum(self.connection, name)
        return enum.labels if enum else None

    def create_enum(self, name: str, labels: Sequence[str]) -> None:
        quoted = ", ".join(self.quote_value(label) for label in labels)
        self.execute(f"CREATE TYPE {self.quote_name(name)} AS ENUM ({quoted})", None)
        self._register_enum_arrays()

    def drop_enum(self, name: str) -> None:
        self._run_deferred()
        self.execute(f"DROP TYPE {self.quote_name(name)}", None)

    def add_constraint(self, model: type[Model], constraint: BaseConstraint) -> None:
        """Add the constraint. Raise CommandError for partitions of an existing table.

        If the migration has removed the partitions and adds them by the same column, only rename
        the default partition.
        """
        if not isinstance(constraint, MonthlyPartitions):
            super().add_constraint(model, constraint)
            return
        table, new = model._meta.db_table, constraint.default_partition(model)
        column, old = self.unpartitioned.pop(table, ("", ""))
        if column != constraint.column(model):
            existing = f"with partitions by {column!r}" if column else "without partitions"
            raise _partitions_error(table, existing, "with", constraint.name)
        for statement in self._table_rename_sql(old, new):
            self.execute(statement, None)

    def remove_constraint(self, model: type[Model], constraint: BaseConstraint) -> None:
        """Remove the constraint. Only note partitions, because they may be added again."""
        if isinstance(constraint, MonthlyPartitions):
            default = constraint.default_partition(model)
            self.unpartitioned[model._meta.db_table] = (constraint.column(model), default)
            return
        self._run_deferred()  # this may create the constraint
        super().remove_constraint(model, constraint)

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        """Raise CommandError if the migration removes the partitions but keeps the table."""
        if exc_type or not self.unpartitioned:
            super().__exit__(exc_type, exc_value, traceback)
            return
        table, (_, default) = self.unpartitioned.popitem()
        error = _partitions_error(table, "with partitions", "without", split_identifier(default)[1])
        super().__exit__(CommandError, error, traceback)
        raise error

    def rename_enum(self, old: str, new: str) -> None:
        self._run_deferred()
        self._alter_enum(old, f"RENAME TO {self.quote_name(new)}")
        self._register_enum_arrays()

    def rename_enum_value(self, name: str, old: str, new: str) -> None:
        self._run_deferred()
        self._alter_enum(name, f"RENAME VALUE {self.quote_value(old)} TO {self.quote_value(new)}")

    def add_enum_value(
        self, name: str, label: str, before: str | None = None, after: str | None = None
    ) -> None:
        place = ""
        if before is not None:
            place = f" BEFORE {self.quote_value(before)}"
        elif after is not None:
            place = f" AFTER {self.quote_value(after)}"
        self._alter_enum(name, f"ADD VALUE {self.quote_value(label)}{place}")

    def _alter_enum(self, name: str, action: str) -> None:
        self.execute(f"ALTER TYPE {self.quote_name(name)} {action}", None)

    def change_enum_labels(
        self,
        name: str,
        change: Callable[[Sequence[str]], Sequence[str]],
        replacements: Mapping[str, str] | None = None,
        advice: str = "",
    ) -> None:
        """Replace the type by a type with the labels that `change` returns for the present labels.

        `replacements` maps removed labels to their substitutes in rows. Raise CommandError if a row
        or a definition uses a removed label, or if a dependent object cannot be created again. The
        message about rows ends with `advice`.
        """
        self._run_deferred()
        with transaction.atomic(self.connection.alias):
            if enum := find_enum(self.connection, name):
                labels = change(enum.labels)
                if labels != enum.labels:
                    plan = partial(plan_swap, self.connection, enum, labels, replacements)
                    self._swap_enum(plan, advice)
            elif self.collect_sql:
                self.collected_sql.append(
                    f"-- Enum type {name} is not in this database yet, so its dependents are "
                    "unknown."
                )
            else:
                raise CommandError(
                    f"There is no enum type {name!r} in database "
                    f"{self.connection.settings_dict['NAME']!r}. This migration changed nothing. "
                    "Run manage.py verify_schema to see what else is missing."
                )

    def _swap_enum(self, plan: Callable[[], Swap], advice: str) -> None:
        swap = plan()
        if not self.collect_sql:
            # Check without locks first, because counting takes time and the change may be refused.
            check_removed(self.connection, swap, advice)
            self.connection.check_constraints()  # ALTER TABLE fails while checks are deferred
        if lock := swap.lock():
            self.execute(lock, None)
        if not self.collect_sql:
            # Other sessions may have changed rows and definitions before the lock was granted.
            swap = plan()
            check_removed(self.connection, swap, advice)
        for sql in swap.statements:
            self.execute(sql, None)
        self._register_enum_arrays()

    def _register_enum_arrays(self) -> None:
        if not self.collect_sql:
            register_enum_arrays(self.connection.connection)

    def add_index(self, model: type[Model], index: Index, concurrently: bool = False) -> None:
        """Add the index. If `concurrently`, add it to the partitions of the table first."""
        if not concurrently:
            super().add_index(model, index)
        elif not monthly_partitions(model):
            self._add_concurrently(model, index)
        else:
            for table in self._partition_tables(model):
                with renamed_index(model, index, table) as part:
                    self._add_concurrently(model, part)
            if self.collect_sql or not is_built(self, model, index):
                super().add_index(model, index)  # attaches the indexes of the partitions

    def _add_concurrently(self, model: type[Model], index: Index) -> None:
        if self.collect_sql:
            super().add_index(model, index, concurrently=True)
        elif not is_built(self, model, index):
            try:
                super().add_index(model, index, concurrently=True)
            except Error:
                with suppress(Error):  # after an error here, the next migrate drops the index
                    is_built(self, model, index)  # drops the invalid index
                raise

    def remove_index(self, model: type[Model], index: Index, concurrently: bool = False) -> None:
        super().remove_index(model, index, concurrently and not monthly_partitions(model))

    def alter_field(
        self, model: type[Model], old_field: Any, new_field: Any, strict: bool = False
    ) -> None:
        """Alter the field. Raise CommandError for a change that Django has no SQL for."""
        try:
            super().alter_field(model, old_field, new_field, strict)
        except ValueError as error:
            raise CommandError(
                f"Cannot alter field {new_field}: {str(error).rstrip('.')}. This migration changed "
                "nothing. Replace the AlterField by RemoveField and AddField."
            ) from error

    def _alter_field(
        self, model: type[Model], old_field: Any, new_field: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Recreate constraints and indexes with expressions if the column changes its type.

        PostgreSQL cannot rebuild `status <> 'published'::course_status` for another type. It adds
        casts to `COALESCE(title, ''::character varying)`. Columns of foreign keys that refer to the
        column get the same type.
        """
        if not self._changes_type(old_field, new_field):
            super()._alter_field(model, old_field, new_field, *args, **kwargs)
            return
        self._create_missing_enums([new_field])
        self._run_deferred()
        referring = [
            (old.field, new.field) for old, new in _related_non_m2m_objects(old_field, new_field)
        ]
        for on, dependent in _expressions_with(old_field, *(old for old, _ in referring)):
            self.execute(dependent.remove_sql(on, self))
        super()._alter_field(model, old_field, new_field, *args, **kwargs)
        for old, new in referring:
            self._add_lost_like_index(old, new)
        for on, dependent in _expressions_with(new_field, *(new for _, new in referring)):
            self.execute(dependent.create_sql(on, self))

    def _add_lost_like_index(self, old_field: Any, new_field: Any) -> None:
        """Recreate the LIKE index of a foreign key. Django drops it when the type changes."""
        old, new = (field.db_type(self.connection) for field in (old_field, new_field))
        if self._is_changing_type_of_indexed_text_column(old_field, old, new):
            self.execute(self._create_like_index_sql(new_field.model, new_field))

    def _alter_column_type_sql(
        self, model: type[Model], old_field: Any, new_field: Any, *args: Any
    ) -> tuple[tuple[str, list[Any]], list[Any]]:
        """Drop the default before the type changes, and set it again afterwards.

        Otherwise PostgreSQL keeps a default of the old type, such as 'x'::character varying.
        """
        (sql, params), others = super()._alter_column_type_sql(model, old_field, new_field, *args)
        if self._changes_type(old_field, new_field) and old_field.has_db_default():
            column = self.quote_name(new_field.column)
            sql = f"ALTER COLUMN {column} DROP DEFAULT, {sql}"
            # If the defaults differ, Django sets the new default itself.
            if new_field.has_db_default() and old_field.db_default == new_field.db_default:
                default, default_params = self._alter_column_database_default_sql(
                    model, old_field, new_field
                )
                sql, params = f"{sql}, {default}", [*params, *default_params]
        return (sql, params), others

    def _changes_type(self, old_field: Any, new_field: Any) -> bool:
        """Return whether the column gets another type. Another length does not count."""
        old, new = (
            (field.db_type(self.connection) or "").partition("(")[0]
            for field in (old_field, new_field)
        )
        return bool(old != new) or _changes_enum(old_field, new_field)

    def _using_sql(self, new_field: Any, old_field: Any) -> str:
        """Cast to and from enum types through text.

        For a varchar(5), cast only to text, so that longer values are refused. A cast to varchar(5)
        truncates them.
        """
        using: str = super()._using_sql(new_field, old_field)
        if _changes_enum(old_field, new_field):
            using = " USING %(column)s::text::%(type)s"
        if using and isinstance(new_field, CharField) and not enum_field(new_field):
            using = " USING %(column)s::text"
        return using


def _partitions_error(table: str, existing: str, wanted: str, name: str) -> CommandError:
    return CommandError(
        f"Table {table} exists {existing}. PostgreSQL cannot change this for an existing table. "
        f"This migration changed nothing. Add a model {wanted} MonthlyPartitions {name!r}, copy "
        "the rows to its table, and rename both models."
    )


def _changes_enum(old_field: Any, new_field: Any) -> bool:
    old, new = _column_enum(old_field), _column_enum(new_field)
    return (old and old.type_name) != (new and new.type_name)


def _column_enum(field: Any) -> EnumField | None:
    """Return the enum type of the column, or of the column to which a foreign key refers."""
    return enum_field(field.target_field if field.is_relation else field)


def _expressions_with(*fields: Any) -> Iterator[tuple[type[Model], IndexOrConstraint]]:
    """Yield the constraints and indexes with expressions on `fields`, each with its model."""
    for model in dict.fromkeys(field.model for field in fields):
        own = [field for field in fields if field.model is model]
        for item in [*model._meta.constraints, *model._meta.indexes]:
            if any(is_in_expressions(field, item) for field in own):
                yield model, item
