"""Repairs of renamed objects, of tables with rows, and of unusual names."""

from contextlib import nullcontext

import pytest
from django.db import DataError, connection

from config.drift.comparison import verify
from config.drift.difference import differences
from config.drift.repair import Statement, ordered, repairs
from config.drift.repair.conversion import conversion_sql
from config.drift.repair.renames import find_renames
from config.postgres.catalog import Catalog, Key
from tests.drift.conftest import Verify, run_script
from tests.support.migrations import run_sql


@pytest.mark.parametrize(
    ("renaming", "repair"),
    [
        (
            "ALTER TABLE auth_group RENAME TO extra",
            'ALTER TABLE "extra" RENAME TO "auth_group";',
        ),
        (
            "ALTER TABLE courses RENAME COLUMN published_at TO extra",
            'ALTER TABLE "courses" RENAME COLUMN "extra" TO "published_at";',
        ),
        (
            "ALTER TABLE users RENAME CONSTRAINT users_pkey TO extra",
            'ALTER INDEX "extra" RENAME TO "users_pkey";',
        ),
        (
            "ALTER TABLE users RENAME CONSTRAINT users_email_shape_check TO extra",
            'ALTER TABLE "users" RENAME CONSTRAINT "extra" TO "users_email_shape_check";',
        ),
        (
            "ALTER INDEX courses_popular_idx RENAME TO extra",
            'ALTER INDEX "extra" RENAME TO "courses_popular_idx";',
        ),
        (
            "ALTER TYPE course_status RENAME TO extra",
            'ALTER TYPE "extra" RENAME TO "course_status";',
        ),
        (
            "ALTER TYPE role RENAME VALUE 'admin' TO 'extra'",
            "ALTER TYPE \"role\" RENAME VALUE 'extra' TO 'admin';",
        ),
    ],
)
def test_renamed_object__gets_its_name_back(
    renaming: str, repair: str, verify_live: Verify
) -> None:
    run_sql(renaming)
    assert [statement.sql for statement in script(verify_live)] == [repair]


SWAP = "ALTER {0} {1} TO extra; ALTER {0} {2} TO {1}; ALTER {0} extra TO {2}"


@pytest.mark.parametrize(
    "sql",
    [
        SWAP.format("TABLE courses RENAME", "title", "currency"),
        SWAP.format("TABLE users RENAME CONSTRAINT", "users_email_uniq", "users_pkey"),
        "ALTER INDEX payments_user_idx RENAME TO extra;"
        "ALTER INDEX refunds_payment_idx RENAME TO payments_user_idx;"
        "ALTER INDEX extra RENAME TO refunds_payment_idx",
        "ALTER TABLE auth_group RENAME TO extra; ALTER TABLE payments RENAME TO auth_group;"
        "ALTER TABLE extra RENAME TO payments",
        "ALTER TYPE role RENAME TO extra; ALTER TYPE course_status RENAME TO role;"
        "ALTER TYPE extra RENAME TO course_status",
    ],
)
def test_two_objects_with_swapped_names__get_their_own_names_back(
    sql: str, verify_live: Verify
) -> None:
    run_sql(sql)
    repair = script(verify_live)
    assert all("RENAME" in statement.sql for statement in repair)
    run_script(repair)
    assert verify_live().findings == []


@pytest.mark.parametrize(
    ("sql", "remainder"),
    [
        (
            "ALTER TABLE courses RENAME TO extra; CREATE TABLE courses (LIKE extra)",
            'DROP TABLE "old_courses";',
        ),
        (
            "ALTER TABLE courses RENAME title TO extra; ALTER TABLE courses ADD title int",
            'ALTER TABLE "courses" DROP COLUMN "old_title";',
        ),
    ],
)
def test_name_that_a_new_object_has_taken__is_given_back_and_the_new_object_renamed(
    sql: str, remainder: str, verify_live: Verify
) -> None:
    run_sql(sql)
    repair = script(verify_live)
    assert [s.sql for s in repair if s.destructive] == [remainder]
    assert all("RENAME" in statement.sql for statement in repair if not statement.destructive)
    run_script(repair)
    assert verify_live().findings == []


def test_two_renamed_columns_that_are_alike__are_not_renamed_back(verify_live: Verify) -> None:
    run_sql("ALTER TABLE lessons RENAME description TO a")
    run_sql("ALTER TABLE lessons RENAME content_text TO b")
    assert not [statement for statement in script(verify_live) if "RENAME" in statement.sql]


def test_more_taken_names_than_the_recursion_limit__no_renames() -> None:
    numbers = range(1001)
    checks: Catalog = {
        Key("check", "courses", f"a{n}"): {"definition": f"CHECK (x <> {n})"} for n in numbers
    }
    renamed: Catalog = {
        Key("check", "courses", f"b{n}"): {"definition": f"CHECK (x <> {n})"} for n in numbers
    }
    others: Catalog = {
        Key("check", "courses", f"a{n}"): {"definition": "CHECK (y)"} for n in numbers
    }
    live = {**renamed, **others}
    assert find_renames(differences(checks, live), checks, live) == {}


def test_text_that_is_too_long__is_not_cut(verify_live: Verify) -> None:
    run_sql("ALTER TABLE auth_group ALTER name TYPE text")
    run_sql("INSERT INTO auth_group (name) VALUES (repeat('x', 151))")
    with pytest.raises(DataError, match=r"^value too long for type character varying\(150\)$"):
        run_script(script(verify_live))


def test_extra_label_that_a_row_uses__makes_the_repair_fail(verify_live: Verify) -> None:
    run_sql("INSERT INTO pg_enum VALUES (99999, 'role'::regtype, 9, 'guest')")
    run_sql("INSERT INTO users (email, password_hash, role) VALUES ('a@example.com', '', 'guest')")
    with pytest.raises(DataError, match=r'^invalid input value for enum role: "guest"$'):
        run_script(script(verify_live))


@pytest.mark.django_db
def test_type_whose_name_has_63_bytes__is_replaced() -> None:
    name = "x" * 63
    key = Key("enum type", "", name)
    run_sql(f"CREATE TYPE {name} AS ENUM ('a', 'b')")
    expected: Catalog = {key: {"labels": ["a"]}}
    live: Catalog = {key: {"labels": ["a", "b"]}}
    [repair] = repairs(differences(expected, live), expected, live)
    run_script(ordered(repair))
    assert run_sql(f"SELECT enum_range(NULL::{name})::text") == [("{a}",)]


def test_new_identity__continues_after_the_rows(verify_live: Verify) -> None:
    run_sql("INSERT INTO auth_group (id, name) VALUES (41, 'Authors')")
    run_sql("ALTER TABLE auth_group ALTER id DROP IDENTITY")
    run_script(script(verify_live))
    assert run_sql("INSERT INTO auth_group (name) VALUES ('Editors') RETURNING id") == [(42,)]


def test_column_that_a_generated_column_reads__is_added_first(verify_live: Verify) -> None:
    run_sql("ALTER TABLE messages DROP read_at CASCADE")
    run_script(script(verify_live))
    assert verify_live().findings == []


def test_type_of_a_column_that_a_generated_column_reads__is_repaired(verify_live: Verify) -> None:
    run_sql("ALTER TABLE messages DROP is_read, ALTER read_at TYPE timestamptz(3)")
    generated = "GENERATED ALWAYS AS (read_at IS NOT NULL) STORED"
    run_sql(f"ALTER TABLE messages ADD is_read bool NOT NULL {generated}")
    run_script(script(verify_live))
    assert verify_live().findings == []


def test_time_without_zone__is_taken_as_utc(verify_live: Verify) -> None:
    run_sql("INSERT INTO django_session VALUES ('a', '', '2026-01-02 03:04Z')")
    run_sql("SET LOCAL TimeZone = 'UTC'")
    run_sql("ALTER TABLE django_session ALTER expire_date TYPE timestamp")
    run_sql("SET LOCAL TimeZone = 'Asia/Tokyo'")
    run_script(script(verify_live))
    assert run_sql("SELECT expire_date = '2026-01-02 03:04Z' FROM django_session") == [(True,)]


@pytest.mark.parametrize(("points", "becomes"), [("1.0", 1), ("1.5", None)])
@pytest.mark.django_db
def test_number_with_a_scale__becomes_an_integer_or_is_refused(
    points: str, becomes: int | None
) -> None:
    values = conversion_sql("points", "numeric(9,1)", "integer")
    with nullcontext() if becomes else pytest.raises(DataError, match="invalid input syntax"):
        assert run_sql(f"SELECT {values} FROM (SELECT {points}::numeric(9, 1)) t (points)") == [
            (becomes,)
        ]


def test_money__becomes_a_number(verify_live: Verify) -> None:
    run_sql("ALTER TABLE courses DROP CONSTRAINT courses_price_check")
    run_sql("ALTER TABLE courses ALTER price DROP DEFAULT, ALTER price TYPE money")
    run_script(script(verify_live))
    assert verify_live().findings == []


def test_check_on_a_column_whose_type_the_administrator_must_decide__is_not_added(
    verify_live: Verify,
) -> None:
    run_sql("ALTER TABLE refunds DROP CONSTRAINT refunds_amount_check")
    run_sql("ALTER TABLE refunds ALTER amount TYPE text")
    assert {statement.destructive for statement in script(verify_live)} == {True}


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE courses ALTER average_rating TYPE numeric",
        "ALTER TABLE courses ADD extra text",
        "CREATE TABLE extra (id int)",
        "CREATE SEQUENCE extra",
    ],
)
def test_repair_that_would_destroy_data__is_marked(sql: str, verify_live: Verify) -> None:
    run_sql(sql)
    assert [statement.destructive for statement in script(verify_live)] == [True]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIEW extra AS TABLE courses",
        "CREATE TYPE extra AS ENUM ('a')",
        "ALTER TABLE courses ALTER title TYPE text",
        "ALTER TABLE courses ALTER average_rating TYPE numeric(2, 1)",
    ],
)
def test_repair_that_destroys_no_data__is_not_marked(sql: str, verify_live: Verify) -> None:
    run_sql(sql)
    assert {statement.destructive for statement in script(verify_live)} == {False}


def test_type_used_by_an_extra_table__is_dropped_only_with_the_table(verify_live: Verify) -> None:
    run_sql("CREATE TYPE extra AS (a int)", "CREATE TABLE other OF extra")
    assert {statement.destructive for statement in script(verify_live)} == {True}


def test_type_used_by_an_extra_column__is_dropped_only_with_the_column(verify_live: Verify) -> None:
    run_sql("CREATE TYPE extra AS ENUM ('a')", "ALTER TABLE courses ADD extra extra")
    assert {statement.destructive for statement in script(verify_live)} == {True}


@pytest.mark.parametrize("name", ['"A b"', '"it\'s"', '"quoted ""name"""', '"100%s; --"'])
def test_unusual_name__is_quoted(name: str, verify_live: Verify) -> None:
    run_sql(f"CREATE TABLE {name} ({name} text)", f'CREATE VIEW {name[:-1]}v" AS TABLE {name}')
    run_sql(f"CREATE TYPE {name[:-1]}t\" AS ENUM ('a')", f'CREATE SEQUENCE {name[:-1]}s"')
    run_sql(f"ALTER TABLE courses ADD {name} int, ADD CONSTRAINT {name} CHECK ({name} > 0)")
    run_script(script(verify_live))
    assert verify_live().findings == []


def test_script_of_one_app__restores_foreign_keys_of_other_apps_that_it_drops(
    verify_live: Verify,
) -> None:
    run_sql("ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE")
    run_sql("ALTER TABLE users ADD CONSTRAINT users_pkey PRIMARY KEY (id) INCLUDE (email)")
    run_script(script(verify_live, "courses"))  # adds its foreign keys to users
    run_script(script(verify_live, "users"))
    assert verify_live(app_labels=["courses", "users"]).findings == []


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE auth_group RENAME TO extra",
        "CREATE TABLE extra (); ALTER TABLE auth_group INHERIT extra",
        "ALTER TABLE users DROP last_login, ADD last_login bool GENERATED ALWAYS AS (true) STORED",
        "ALTER TABLE auth_group ALTER id SET GENERATED ALWAYS",
        "ALTER INDEX users_pkey SET (fillfactor = 50)",
    ],
)
def test_repair_by_a_snapshot__is_the_same(
    sql: str, verify_live: Verify, expected: Catalog
) -> None:
    run_sql(sql)
    by_snapshot = verify(connection, lambda *_: without_nulls(expected))
    assert by_snapshot.script() == script(verify_live) != []


def without_nulls(catalog: Catalog) -> Catalog:
    return {
        key: {name: value for name, value in attributes.items() if value is not None}
        for key, attributes in catalog.items()
    }


def script(verify_live: Verify, *app_labels: str) -> list[Statement]:
    return verify_live(app_labels=app_labels).script()
