"""The schema in PostgreSQL, compared with the contract."""

import re
from typing import Any, cast

import pytest
from django.db import connection

from tests.factories import FACTORIES
from tests.support.contract import COLUMNS, ENUMS, FOREIGN_KEYS, Column, ForeignKey, columns

pytestmark = pytest.mark.django_db

TABLES = list(COLUMNS)
TABLES_OF_DJANGO = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_admin_log",
    "django_content_type",
    "django_migrations",
    "django_session",
}
# A check requires these columns in a factory's row, although they have a default or may be NULL.
REQUIRED_BY_A_CHECK = {"content_url", "options", "submission_text"}
SHORT_TYPES = {
    "boolean": "bool",
    "character varying": "varchar",
    "integer": "int",
    "timestamp with time zone": "timestamptz",
}


def rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query, which may refer to our tables as `%(tables)s`."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"tables": TABLES, **parameters})
        return cast(list[tuple[Any, ...]], cursor.fetchall())


def test_tables__are_those_of_the_contract_and_of_django() -> None:
    names = rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition"
    )
    assert {name for (name,) in names} == {*TABLES, *TABLES_OF_DJANGO}


def test_enum_types__have_the_labels_of_the_contract_in_order() -> None:
    labels = rows(
        "SELECT typname, string_agg(enumlabel, ' ' ORDER BY enumsortorder)"
        "  FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid GROUP BY typname"
    )
    assert dict(labels) == ENUMS


@pytest.mark.parametrize("table", TABLES)
def test_columns_of_a_table__are_those_of_the_contract(table: str) -> None:
    found = rows(
        """
        SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull,
               pg_get_expr(adbin, adrelid)
          FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped
        """,
        table=table,
    )
    assert sorted(_column(*row) for row in found) == columns(table)


def _column(name: str, type_name: str, nullable: bool, default: str | None) -> Column:
    for long, short in SHORT_TYPES.items():
        type_name = type_name.replace(long, short)
    if name == "id" and default:
        default = "uuid7"
    elif default:
        default = default.partition("::")[0]
    return Column(name, type_name, nullable, default)


def test_foreign_keys__are_those_of_the_contract() -> None:
    found = rows(
        """
        SELECT conname, conrelid::regclass::text, attname, confrelid::regclass::text,
               CASE confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' END
          FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
         WHERE contype = 'f' AND conrelid = ANY (%(tables)s::regclass[])
        """
    )
    keys = {name: ForeignKey(*parts) for name, *parts in found}
    assert keys == {key.name: key for key in FOREIGN_KEYS}


@pytest.mark.parametrize("table", [table for table in TABLES if not table.endswith("_analytics")])
def test_ids_of_successive_rows__are_of_version_7_and_ascending(table: str) -> None:
    ids = [row.pk for row in FACTORIES[table].create_batch(3)]
    assert [row_id.version for row_id in ids] == [7, 7, 7]
    assert ids == sorted(ids)


@pytest.mark.parametrize("table", TABLES)
def test_sql_insert_of_the_required_columns_alone__creates_a_complete_row(table: str) -> None:
    row = FACTORIES[table].create()
    key, model = row._meta.pk.column, type(row)
    required = [
        column.name
        for column in columns(table)
        if not (column.nullable or column.default) or column.name in REQUIRED_BY_A_CHECK
    ]
    names = ", ".join(required)
    [values] = rows(f"SELECT {names} FROM {table} WHERE {key} = %(id)s", id=row.pk)
    row.delete()
    parameters = dict(zip(required, values, strict=True))
    placeholders = ", ".join(f"%({name})s" for name in required)
    sql = f"INSERT INTO {table} ({names}) VALUES ({placeholders}) RETURNING {key}"
    [(new_id,)] = rows(sql, **parameters)
    model.objects.get(pk=new_id).full_clean()


def test_indexes__none_is_a_prefix_of_another() -> None:
    prefixes = rows(
        """
        WITH keyed AS (
            SELECT indexrelid::regclass::text AS name, indrelid, relam,
                   pg_get_expr(indpred, indrelid) AS predicate,
                   array(SELECT pg_get_indexdef(indexrelid, position, true)
                           FROM generate_series(1, indnkeyatts) AS position) AS keys
              FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
             WHERE indrelid = ANY (%(tables)s::regclass[])
        )
        SELECT shorter.name, longer.name
          FROM keyed AS shorter JOIN keyed AS longer USING (indrelid, relam)
         WHERE shorter.name <> longer.name
           AND shorter.predicate IS NOT DISTINCT FROM longer.predicate
           AND shorter.keys = longer.keys[:cardinality(shorter.keys)]
        """
    )
    assert prefixes == []


def test_foreign_keys__each_leads_an_index_of_all_rows() -> None:
    without_index = rows(
        """
        SELECT conname FROM pg_constraint
         WHERE contype = 'f' AND conrelid = ANY (%(tables)s::regclass[])
           AND NOT EXISTS (
               SELECT FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
                                    JOIN pg_am ON pg_am.oid = relam
                WHERE indrelid = conrelid AND indkey[0] = conkey[1] AND indpred IS NULL
                  AND amname = 'btree')
        """
    )
    assert without_index == []


def test_indexes__are_at_least_fifty() -> None:
    [(number,)] = rows(
        "SELECT count(*) FROM pg_index WHERE indrelid = ANY (%(tables)s::regclass[])",
    )
    assert number >= 50


def test_indexes__have_no_duplicate_for_like() -> None:
    twins = rows(
        """
        SELECT indexrelid::regclass::text
          FROM pg_index JOIN pg_opclass ON pg_opclass.oid = indclass[0]
         WHERE indrelid = ANY (%(tables)s::regclass[]) AND opcname LIKE '%%pattern_ops'
        """
    )
    assert twins == []


def test_names_of_constraints_and_indexes__say_table_subject_and_kind() -> None:
    named = rows(
        """
        SELECT conrelid::regclass::text, conname,
               CASE contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'fk' WHEN 'p' THEN 'pkey'
                            WHEN 'u' THEN 'uniq' END
          FROM pg_constraint
         WHERE conrelid = ANY (%(tables)s::regclass[]) AND contype <> 'n'
        UNION
        SELECT indrelid::regclass::text, indexrelid::regclass::text,
               CASE WHEN indisprimary THEN 'pkey' WHEN indisunique THEN 'uniq' ELSE 'idx' END
          FROM pg_index WHERE indrelid = ANY (%(tables)s::regclass[])
        """
    )
    assert [name for table, name, kind in named if not _is_conventional(table, name, kind)] == []


def _is_conventional(table: str, name: str, kind: str) -> bool:
    subject = rf"_\w+_{kind}" if kind != "pkey" else "_pkey"
    if kind == "idx":  # Django takes no longer name for an index than 30 characters.
        table = table.replace("assignment_submissions", "assignment_subs")
    return bool(re.fullmatch(table + subject, name))


def test_tables__each_has_a_comment() -> None:
    uncommented = rows(
        "SELECT name::text FROM unnest(%(tables)s::regclass[]) AS name"
        " WHERE obj_description(name, 'pg_class') IS NULL",
    )
    assert uncommented == []


def test_json_columns__each_has_a_comment_that_says_its_shape() -> None:
    comments = rows(
        """
        SELECT attrelid::regclass || '.' || attname, col_description(attrelid, attnum)
          FROM pg_attribute
         WHERE attrelid = ANY (%(tables)s::regclass[]) AND atttypid = 'jsonb'::regtype
        """
    )
    shape = re.compile("(Object|Array|Any JSON value)")
    assert [column for column, comment in comments if not shape.match(comment or "")] == []


def test_schema__has_no_extension_function_trigger_or_sequence() -> None:
    helpers = rows(
        """
        SELECT 'extension', extname FROM pg_extension WHERE extname <> 'plpgsql'
        UNION ALL
        SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'trigger', tgname FROM pg_trigger
         WHERE tgrelid = ANY (%(tables)s::regclass[]) AND NOT tgisinternal
        UNION ALL
        SELECT 'sequence', objid::regclass::text
          FROM pg_depend JOIN pg_class ON pg_class.oid = objid AND relkind = 'S'
         WHERE refobjid = ANY (%(tables)s::regclass[])
        """
    )
    assert helpers == []
