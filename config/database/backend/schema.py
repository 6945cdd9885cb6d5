"""DDL: names that we choose, and columns that change to or from an enum type."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import Error
from django.db.backends.postgresql import schema
from django.db.backends.utils import strip_quotes, truncate_name
from django.db.models import Index, Model

from config.database.backend.concurrent_index import drop_invalid, is_built
from config.database.fields import EnumField, enum_field
from config.database.references import Named, named_in_expressions


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """PostgreSQL's schema editor, with stable names and with enum columns that can change type."""

    # Without Django's CASCADE, which would take along what others have built on the table.
    sql_delete_table = "DROP TABLE %(table)s"

    def create_enum(self, name: str, labels: Sequence[str]) -> None:
        quoted = ", ".join(self.quote_value(label) for label in labels)
        self.execute(f"CREATE TYPE {self.quote_name(name)} AS ENUM ({quoted})", None)

    def drop_enum(self, name: str) -> None:
        self.execute(f"DROP TYPE {self.quote_name(name)}", None)

    def add_index(self, model: type[Model], index: Index, concurrently: bool = False) -> None:
        if not concurrently or self.collect_sql:
            super().add_index(model, index, concurrently)
        elif not is_built(self, model, index):
            try:
                super().add_index(model, index, concurrently)
            except Error:
                drop_invalid(self, model, index)
                raise

    def _create_index_name(
        self, table_name: str, column_names: Sequence[str], suffix: str = ""
    ) -> str:
        """`<table>_<columns>_{fk,uniq,idx,…}`; Django would add a hash that nobody can predict."""
        kind = "fk" if suffix.startswith("_fk_") else suffix.strip("_") or "idx"
        stem = "_".join([strip_quotes(table_name), *column_names])
        length = self.connection.ops.max_name_length() - len(kind) - 1
        return f"{truncate_name(stem, length)}_{kind}"

    def _iter_column_sql(
        self, column_db_type: str, params: Any, model: type[Model], field: Any, *args: Any
    ) -> Iterator[str]:
        """Name the inline UNIQUE as any other; let a generated column be NOT NULL, too."""
        for part in super()._iter_column_sql(column_db_type, params, model, field, *args):
            if part == "UNIQUE":
                name = self._create_index_name(model._meta.db_table, [field.column], "_uniq")
                yield f"CONSTRAINT {self.quote_name(name)} UNIQUE"
            else:
                yield part
        if field.generated and not field.null:
            yield "NOT NULL"

    def _alter_field(
        self, model: type[Model], old_field: Any, new_field: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Take what compares the column with labels away while the column changes its type.

        PostgreSQL stores `status <> 'published'::course_status`, which it cannot rebuild over
        another type; Django knows how to write it again.
        """
        if not _changes_enum(old_field, new_field):
            super()._alter_field(model, old_field, new_field, *args, **kwargs)
            return
        for dependent in _conditions_on(model, old_field):
            self.execute(dependent.remove_sql(model, self))
        super()._alter_field(model, old_field, new_field, *args, **kwargs)
        for dependent in _conditions_on(new_field.model, new_field):
            self.execute(dependent.create_sql(new_field.model, self))
        # Django makes a text column's second index only together with its first.
        was_indexed = old_field.unique or (old_field.db_index and not new_field.unique)
        if was_indexed and (like_index := self._create_like_index_sql(new_field.model, new_field)):
            self.execute(like_index)

    def _alter_column_type_sql(
        self, model: type[Model], old_field: Any, new_field: Any, *args: Any
    ) -> tuple[tuple[str, list[Any]], list[Any]]:
        """Let the default go before the type changes, and come back after it."""
        (sql, params), others = super()._alter_column_type_sql(model, old_field, new_field, *args)
        if _changes_enum(old_field, new_field) and old_field.has_db_default():
            column = self.quote_name(new_field.column)
            sql = f"ALTER COLUMN {column} DROP DEFAULT, {sql}"
            # Where the defaults differ Django sets the new one itself.
            if new_field.has_db_default() and old_field.db_default == new_field.db_default:
                default, default_params = self._alter_column_database_default_sql(
                    model, old_field, new_field
                )
                sql, params = f"{sql}, {default}", [*params, *default_params]
        return (sql, params), others

    def _using_sql(self, new_field: Any, old_field: Any) -> str:
        """Between enum types, and from text to them, the way leads through text."""
        if not _changes_enum(old_field, new_field):
            return super()._using_sql(new_field, old_field)
        return " USING %(column)s::text::%(type)s"


def _changes_enum(old_field: Any, new_field: Any) -> bool:
    old, new = _column_enum(old_field), _column_enum(new_field)
    return (old and old.type_name) != (new and new.type_name)


def _column_enum(field: Any) -> EnumField | None:
    """The enum type of a column, which a foreign key takes from what it refers to."""
    return enum_field(field.target_field if field.is_relation else field)


def _conditions_on(model: type[Model], field: Any) -> list[Named]:
    """The constraints and indexes of `model` whose condition or expressions name `field`."""
    named = [*model._meta.constraints, *model._meta.indexes]
    return [item for item in named if field.name in named_in_expressions(item)]
