"""Migrations that rows violate: migrate refuses them with a query that finds the rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.db import connection

from config.hazards import demands_of
from config.migrating.unfit_rows import find_unfit_rows
from tests.migrating.sessions import session
from tests.rollback.helpers import GO_ON, rollback
from tests.support.lab import Lab
from tests.support.migrations import finished, migrate, run_sql

MODELS = """
class Owner(models.Model):
    name = models.CharField(max_length=20)

class Item(models.Model):
    name = models.CharField(max_length=50)
    note = models.TextField(null=True)
    n = models.IntegerField(null=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    token = models.CharField(max_length=20, default="")
    ref = models.BigIntegerField(null=True)
"""
ROWS = """
    INSERT INTO lab_owner (name) VALUES ('Ann');
    INSERT INTO lab_item (name, note, n, price, token, ref) VALUES
        ('sad', 'x', 1, 1, 'a', 1), ('sad', NULL, 40000, 1234.5, 'b', 40000),
        ('happy', NULL, NULL, 2, 'b', NULL), (repeat('long ', 10), 'y', 1, NULL, 'c', NULL)
"""


def alter(name: str, field: str) -> str:
    return f'migrations.AlterField("item", "{name}", {field}),'


def constrain(constraint: str) -> str:
    return f'migrations.AddConstraint("item", models.{constraint}),'


LONG = "'long long long long long long long long ...' in the row with id 4"
ONE = "'40000' in the row with id 2"
TWICE = "must be unique, but 2 rows have duplicate values"
COUNTED: dict[str, tuple[str, str]] = {
    alter("note", "models.TextField()"): (
        "column lab_item.note is NULL in 2 rows, for example the row with id 2",
        'SELECT * FROM "lab_item" WHERE "note" IS NULL;',
    ),
    alter("name", "models.CharField(max_length=5)"): (
        f"column lab_item.name has values that do not fit type varchar(5) in 1 row, for example "
        f"{LONG}",
        """SELECT * FROM "lab_item" WHERE char_length(rtrim("name"::text, ' ')) > 5;""",
    ),
    alter("note", "models.CharField(max_length=0, null=True)"): (
        "column lab_item.note has values that do not fit type varchar(0) in 2 rows, for example "
        "'x' in the row with id 1",
        """SELECT * FROM "lab_item" WHERE char_length(rtrim("note"::text, ' ')) > 0;""",
    ),
    alter("n", "models.CharField(max_length=2, null=True)"): (
        f"column lab_item.n has values that do not fit type varchar(2) in 1 row, for example {ONE}",
        """SELECT * FROM "lab_item" WHERE char_length(rtrim("n"::text, ' ')) > 2;""",
    ),
    alter("name", "models.IntegerField()"): (
        "column lab_item.name has values that do not fit type integer in 4 rows, for example "
        "'sad' in the row with id 1",
        """SELECT * FROM "lab_item" WHERE {not_integer};""",
    ),
    alter("n", "models.SmallIntegerField(null=True)"): (
        f"column lab_item.n has values that do not fit type smallint in 1 row, for example {ONE}",
        'SELECT * FROM "lab_item" WHERE "n" NOT BETWEEN -32768 AND 32767;',
    ),
    alter("price", "models.DecimalField(max_digits=5, decimal_places=2, null=True)"): (
        "column lab_item.price has values that do not fit type numeric(5, 2) in 1 row, for example "
        "'1234.50' in the row with id 2",
        'SELECT * FROM "lab_item" WHERE abs(round("price"::numeric, 2)) >= 1000 AND '
        "\"price\"::numeric <> 'NaN';",
    ),
    'CreateEnum("mood", ["sad", "it\'s"]),'
    + alter("name", 'EnumField(type_name="mood", labels=["sad", "it\'s"])'): (
        'column lab_item.name has values that do not fit type "mood" in 2 rows, for example '
        "'happy' in the row with id 3",
        """SELECT * FROM "lab_item" WHERE "name"::text <> ALL (ARRAY['sad', 'it''s']::text[]);""",
    ),
    alter("name", "models.CharField(max_length=50, unique=True)"): (
        f"column lab_item.name {TWICE}, for example 'sad'",
        'SELECT "name", count(*) FROM "lab_item" WHERE "name" IS NOT NULL GROUP BY "name" '
        "HAVING count(*) > 1;",
    ),
    alter("token", "models.CharField(max_length=20, unique=True)"): (
        f"column lab_item.token {TWICE}",  # a token may be a secret
        'SELECT "token", count(*) FROM "lab_item" WHERE "token" IS NOT NULL GROUP BY "token" '
        "HAVING count(*) > 1;",
    ),
    'migrations.AlterUniqueTogether("item", {("name", )}),': (
        f"column lab_item.name {TWICE}, for example 'sad'",
        'SELECT "name", count(*) FROM "lab_item" WHERE "name" IS NOT NULL GROUP BY "name" '
        "HAVING count(*) > 1;",
    ),
    constrain('UniqueConstraint(fields=["n"], condition=models.Q(price=None)|models.Q(n=1), '
              'name="u")'): (
        f"column lab_item.n {TWICE}, for example '1'",
        'SELECT "n", count(*) FROM "lab_item" WHERE "n" IS NOT NULL AND ("price" IS NULL OR "n" '
        '= 1) GROUP BY "n" HAVING count(*) > 1;',
    ),
    constrain('UniqueConstraint(models.functions.Lower("name"), name="u")'): (
        f"""(LOWER("name")) of table lab_item {TWICE}, for example 'sad'""",
        'SELECT (LOWER("name")), count(*) FROM "lab_item" WHERE (LOWER("name")) IS NOT NULL GROUP '
        'BY (LOWER("name")) HAVING count(*) > 1;',
    ),
    constrain('CheckConstraint(condition=models.Q(n__lte=100) & ~models.Q(name="%"), name="c")'): (
        "check c of table lab_item is violated in 1 row, for example the row with id 2",
        """SELECT * FROM "lab_item" WHERE NOT (("n" <= 100 AND NOT ("name" = '%')));""",
    ),
    alter("ref", 'models.ForeignKey("lab.Owner", models.CASCADE, null=True, db_column="ref")'): (
        f"column lab_item.ref refers to no row of table lab_owner in 1 row, for example {ONE}",
        'SELECT * FROM "lab_item" WHERE "ref" IS NOT NULL AND NOT EXISTS (SELECT FROM "lab_owner" '
        'AS other WHERE other."id" = "lab_item"."ref");',
    ),
    'migrations.AddConstraint("item", ExclusionConstraint(name="e", index_type="hash", '
    'expressions=[("name", "=")])),': (
        "constraint e of table lab_item is violated in 2 rows, for example the row with id 1",
        'SELECT * FROM "lab_item" WHERE EXISTS (SELECT FROM "lab_item" AS other WHERE other.ctid '
        '<> "lab_item".ctid AND other."name" = "lab_item"."name");',
    ),
    'migrations.AddField("item", "k", models.IntegerField()),': (
        "new column lab_item.k would be NULL in 4 rows, for example the row with id 1",
        'SELECT * FROM "lab_item";',
    ),
    'migrations.AddField("item", "k", models.IntegerField(default=0, unique=True)),': (
        "new column lab_item.k must be unique, and 4 rows would have the same value, for example "
        "the row with id 1",
        'SELECT * FROM "lab_item" WHERE EXISTS (SELECT FROM "lab_item" OFFSET 1);',
    ),
    'migrations.AddField("item", "k", models.TextField(default="it\'s, UNIQUE", unique=True)),': (
        "new column lab_item.k must be unique, and 4 rows would have the same value, for example "
        "the row with id 1",
        'SELECT * FROM "lab_item" WHERE EXISTS (SELECT FROM "lab_item" OFFSET 1);',
    ),
}  # fmt: skip
"""For each operation, the reason of the refusal and the query that finds the rows."""
TOLD_BY_POSTGRESQL: dict[str, str] = {
    "migrations.RunSQL(\"INSERT INTO lab_item (id, name, token) VALUES (1, '%', '')\"),":
        'duplicate key value violates unique constraint "lab_item_pkey": Key (id)=(1) already '
        "exists",
    "migrations.RunSQL(\"UPDATE lab_item SET name = repeat('x', 60)\"),":
        "value too long for type character varying(50) (table lab_item)",
    alter("n", "models.UUIDField(null=True)"):
        "column lab_item.n: cannot cast type integer to uuid (table lab_item)",
    'migrations.RenameField("item", "note", "memo"),' + alter("memo", "models.TextField()"):
        'column "memo" of relation "lab_item" contains null values',
}  # fmt: skip
UNCOUNTED = 'migrations.RunSQL("SELECT 1", ""),\n'
"""An operation that may change rows, and so prevents a count before the plan runs."""


@pytest.fixture
def item_rows(lab: Lab) -> Lab:
    lab.write_models(MODELS)
    lab.migrate()
    run_sql(ROWS)
    return lab


def write(lab: Lab, operations: str) -> None:
    imports = "from django.contrib.postgres.constraints import ExclusionConstraint\n"
    lab.write_migration("0002_x", operations, '("lab", "0001_initial")')
    path = lab.package / "migrations" / "0002_x.py"
    path.write_text(imports + path.read_text())
    lab.reload()


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as error:
        migrate(*arguments)
    return str(error.value)


def expected(fault: str, query: str, standing: str) -> str:
    return (
        f"Cannot apply lab.0002_x: {fault}. {standing} Correct the rows, then run migrate again. "
        f"To find them: {query}"
    )


def test_rows_that_do_not_fit__reported_with_their_number_an_example_and_a_query(
    item_rows: Lab,
) -> None:
    not_integer = """NOT pg_input_is_valid("name"::text, 'integer')"""
    if is_old():
        not_integer = r""""name"::text !~ '^\s*[+-]?[0-9]+\s*$'"""
    for operations, (fault, query) in COUNTED.items():
        sql = query.replace("{not_integer}", not_integer)
        write(item_rows, operations)
        assert refusal("lab") == expected(fault, sql, "Nothing was changed.")
        assert run_sql(sql)


def is_old() -> bool:
    """Return whether the server lacks pg_input_is_valid()."""
    return run_sql("SHOW server_version_num") < [("160000",)]


@pytest.mark.parametrize("place", [0, 7, 8, 14])
def test_rows_that_postgresql_refuses__reported_in_the_same_way(item_rows: Lab, place: int) -> None:
    operations, (fault, query) = list(COUNTED.items())[place]
    write(item_rows, UNCOUNTED + operations)
    assert refusal("lab") == expected(fault, query, "Nothing of lab.0002_x is applied.")


def test_rows_that_are_not_counted__reported_with_the_message_of_postgresql(
    item_rows: Lab,
) -> None:
    for operations, reason in TOLD_BY_POSTGRESQL.items():
        write(item_rows, operations)
        assert refusal("lab") == (
            f"Cannot apply lab.0002_x: {reason}. Nothing of lab.0002_x is applied. Correct the "
            "rows or the migration, then run migrate again."
        )


def test_unusual_values_that_fit__not_refused(item_rows: Lab) -> None:
    run_sql(
        "DELETE FROM lab_item; INSERT INTO lab_item (name, n, price, note, token) VALUES"
        " (' 12 ', 99, 'NaN', 'ab   ', ''), ('-3', NULL, NULL, NULL, '')"
    )
    write(
        item_rows,
        alter("name", "models.IntegerField()")
        + alter("n", "models.CharField(max_length=2, null=True)")
        + alter("price", "models.DecimalField(max_digits=5, decimal_places=2, null=True)")
        + alter("note", "models.CharField(max_length=2, null=True)")
        + constrain('UniqueConstraint(fields=["note"], name="u")'),
    )
    assert finished(migrate("lab")) == ["lab.0002_x"]
    assert run_sql("SELECT name, n, note FROM lab_item ORDER BY id") == [
        (12, "99", "ab"),
        (-3, None, None),
    ]


def test_rows_that_an_earlier_operation_fills__not_refused(item_rows: Lab) -> None:
    fill = 'lambda apps, _: apps.get_model("lab", "Item").objects.filter(note=None).update(note="")'
    write(item_rows, f"migrations.RunPython({fill}), {alter('note', 'models.TextField()')}")
    assert finished(migrate("lab")) == ["lab.0002_x"]


def test_new_unique_column_that_gets_different_values__not_refused(item_rows: Lab) -> None:
    functions = "__import__('django.db.models.functions', fromlist=['x'])"
    write(
        item_rows,
        f'migrations.AddField("item", "k", models.UUIDField(db_default={functions}.UUID4(), '
        "unique=True)),"
        'migrations.AddField("owner", "k", models.IntegerField(default=0, unique=True)),',
    )
    assert finished(migrate("lab")) == ["lab.0002_x"]


def test_rows_that_a_one_off_default_fills__not_refused(item_rows: Lab) -> None:
    write(item_rows, alter("note", 'models.TextField(default="")'))
    assert finished(migrate("lab")) == ["lab.0002_x"]


def test_constraint_validated_where_rows_violate_it__reported_with_their_number(
    item_rows: Lab,
) -> None:
    run_sql("ALTER TABLE lab_item ADD CONSTRAINT c CHECK (n < 9) NOT VALID")
    write(item_rows, 'migrations.RunSQL("ALTER TABLE lab_item VALIDATE CONSTRAINT c"),')
    assert refusal("lab") == (
        "Cannot apply lab.0002_x: check c of table lab_item is violated in 1 row, for example the "
        "row with id 2. Nothing of lab.0002_x is applied. Correct the rows, then run migrate "
        "again. To find them: SELECT * FROM lab_item WHERE NOT ((n < 9));"
    )


def test_rows_that_do_not_fit_a_reverse_operation__reported_in_the_same_way(item_rows: Lab) -> None:
    run_sql("UPDATE lab_item SET note = '' WHERE note IS NULL")
    write(item_rows, alter("note", "models.TextField()"))
    migrate("lab")
    item_rows.write_migration("0003_y", alter("note", "models.TextField(null=True)"))
    migrate("lab")
    run_sql("UPDATE lab_item SET note = NULL WHERE id = 3")
    reason = "column lab_item.note is NULL in 1 row, for example the row with id 3"
    query = 'SELECT * FROM "lab_item" WHERE "note" IS NULL;'
    assert refusal("lab", "0002") == (
        f"Cannot unapply lab.0003_y: {reason}. Nothing was changed. Correct the rows, then run "
        f"the same command again. To find them: {query}"
    )
    with pytest.raises(CommandError) as error:
        rollback("--to", "lab.0002", "--no-backup", *GO_ON)
    assert str(error.value) == (
        f"Cannot unapply lab.0003_y: {reason}. Nothing was changed. Correct the rows, then run "
        f"rollback again. To find them: {query}"
    )


def test_table_whose_policy_hides_rows__not_counted(item_rows: Lab, guest: str) -> None:
    [demand] = demands_of("ALTER TABLE lab_item ALTER COLUMN note SET NOT NULL")
    run_sql(
        f"GRANT ALL ON lab_item TO {guest}; ALTER TABLE lab_item ENABLE ROW LEVEL SECURITY;"
        f" CREATE POLICY p ON lab_item USING (id = 2); SET ROLE {guest}"
    )
    assert find_unfit_rows(connection, demand, 3) is None


def test_rows_that_another_session_corrects_after_the_count__have_no_example(
    item_rows: Lab,
) -> None:
    [demand] = demands_of("ALTER TABLE lab_item ALTER COLUMN note SET NOT NULL")

    def correct(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.startswith("SELECT count"):
            with session() as other:
                other.execute("UPDATE lab_item SET note = ''")
        return result

    with connection.execute_wrapper(correct):
        unfit = find_unfit_rows(connection, demand, 3)
    assert str(unfit) == "column lab_item.note is NULL in 2 rows"


def test_column_that_the_database_lacks__reported_in_one_line(item_rows: Lab) -> None:
    run_sql("ALTER TABLE lab_item DROP COLUMN name")
    write(item_rows, 'migrations.RemoveField("item", "name"),')
    assert refusal("lab") == (
        "Cannot apply lab.0002_x: 'Remove field name from item' fails: column \"name\" of relation "
        '"lab_item" does not exist. Nothing of lab.0002_x is applied. Create it first; manage.py '
        "verify_schema shows what else differs."
    )
