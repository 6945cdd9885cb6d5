"""Is anything left of what was rolled back? Looked for by name, whatever ought to have gone."""

from collections.abc import Sequence

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from config.migrating import stale_content_types
from config.rollback.objects import LEDGER, Gone
from config.rollback.plan import Rollback


def read_sequences(connection: BaseDatabaseWrapper, gone: Gone) -> list[str]:
    """The sequences of the tables and columns that are `gone` soon; afterwards nobody knows."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.relname
              FROM pg_class AS s
              JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid
                                 AND d.refclassid = 'pg_class'::regclass
                                 AND d.deptype IN ('a', 'i')
              JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             WHERE s.relkind = 'S'
               AND (d.refobjid IN (SELECT to_regclass(quote_ident(name))
                                     FROM unnest(%s::text[]) AS name)
                    OR (d.refobjid, a.attname) IN (
                        SELECT to_regclass(quote_ident(name)), attribute::name
                          FROM unnest(%s::text[], %s::text[]) AS gone (name, attribute)))
             ORDER BY 1
            """,
            [
                list(gone.tables),
                [part.table for part in gone.columns],
                [part.column for part in gone.columns],
            ],
        )
        return [name for (name,) in cursor.fetchall()]


def check_nothing_left(
    connection: BaseDatabaseWrapper, rollback: Rollback, gone: Gone, sequences: Sequence[str]
) -> None:
    """Raises CommandError that names all that is left of `gone`, if anything is."""
    left = [
        *_relations(connection, "table", gone.tables),
        *_columns(connection, gone),
        *_enum_types(connection, gone.enum_types),
        *_relations(connection, "sequence", sequences),
        *_records(connection, rollback),
        *_content_types(connection, rollback, gone),
    ]
    if left:
        raise CommandError(
            f"Something would be left of {rollback.what}: {', '.join(left)}. So nothing was "
            "changed. Correct what the migration does backwards, or drop it by hand first."
        )


def _relations(connection: BaseDatabaseWrapper, kind: str, names: Sequence[str]) -> list[str]:
    return _found(
        connection,
        f"SELECT '{kind} ' || name FROM unnest(%s::text[]) AS name"  # noqa: S608
        " WHERE to_regclass(quote_ident(name)) IS NOT NULL",
        names,
    )


def _enum_types(connection: BaseDatabaseWrapper, names: Sequence[str]) -> list[str]:
    return _found(
        connection,
        "SELECT 'enum type ' || name FROM unnest(%s::text[]) AS name"
        "  JOIN pg_type AS t ON t.oid = to_regtype(quote_ident(name)) AND typtype = 'e'",
        names,
    )


def _columns(connection: BaseDatabaseWrapper, gone: Gone) -> list[str]:
    return _found(
        connection,
        "SELECT format('column %%s.%%s', name, attname) FROM unnest(%s::text[], %s::text[])"
        "    AS gone (name, attribute)"
        "  JOIN pg_attribute ON attrelid = to_regclass(quote_ident(name)) AND attname = attribute",
        [part.table for part in gone.columns],
        [part.column for part in gone.columns],
    )


def _records(connection: BaseDatabaseWrapper, rollback: Rollback) -> list[str]:
    if _found(connection, "SELECT 1 WHERE to_regclass(%s) IS NULL", LEDGER):
        return []
    applied = MigrationRecorder(connection).applied_migrations()
    return [f"record {'.'.join(node)}" for node in rollback.nodes if node in applied]


def _content_types(connection: BaseDatabaseWrapper, rollback: Rollback, gone: Gone) -> list[str]:
    """Their permissions cannot outlive them: a foreign key says so."""
    stale = stale_content_types(gone.names_in_the_end, rollback.after.apps, connection.alias)
    return [f"content type {row.app_label}.{row.model}" for row in stale or ()]


def _found(connection: BaseDatabaseWrapper, sql: str, *parameters: object) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [p if isinstance(p, str) else list(p) for p in parameters])  # type: ignore[call-overload]
        return [name for (name,) in cursor.fetchall()]
