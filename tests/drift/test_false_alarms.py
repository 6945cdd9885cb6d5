"""Changes that are not drift, and the drift that an upgrade of PostgreSQL leaves."""

import json
from typing import LiteralString

import pytest
from psycopg import sql

from config.postgres.functions import UUID7
from tests.drift.conftest import Verify
from tests.support.databases import Database, new_database, new_role
from tests.support.migrations import run_sql
from tests.support.programs import run_program
from tests.support.verify_schema import IDENTICAL

pytestmark = pytest.mark.usefixtures("migrations_read_once")

HARMLESS: list[LiteralString] = [
    *("ANALYZE", "REINDEX SCHEMA public", "CLUSTER payments USING payments_pkey"),
    *("VACUUM FULL", "REINDEX SCHEMA CONCURRENTLY public"),
    "ALTER TABLE courses ALTER title SET STATISTICS 500",
    "ALTER TABLE courses ALTER slug SET (n_distinct = -0.5)",
    "ALTER TABLE courses ALTER description SET STORAGE EXTERNAL",
    "ALTER TABLE courses ALTER description SET COMPRESSION pglz",
    "ALTER INDEX courses_search_idx ALTER 1 SET STATISTICS 500",
    "CREATE STATISTICS title_and_slug ON title, slug FROM courses",
    "CREATE SCHEMA other",
    "CREATE TYPE other.role AS ENUM ('other')",
    "CREATE TABLE other.users (id integer PRIMARY KEY, role other.role)",
    "CREATE TABLE other.logins (user_id uuid REFERENCES public.users)",
    "CREATE VIEW other.active AS SELECT * FROM public.users",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO pg_monitor",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "INSERT INTO users (email, password_hash, role) VALUES ('a@example.org', 'x', 'student')",
]


def test_verify_schema_after_harmless_statements__identical(shared_clone: Database) -> None:
    shared_clone.execute(*HARMLESS)
    assert shared_clone.verify("-v0").verdict == IDENTICAL


HARMLESS_IN_TRANSACTION = {
    "extended statistics": "CREATE STATISTICS extra ON title, slug FROM courses",
    "function of an extension": "CREATE FUNCTION extra() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    " ALTER EXTENSION plpgsql ADD FUNCTION extra()",
    "table of an extension": "CREATE TABLE extra (id int PRIMARY KEY);"
    " CREATE RULE extra AS ON DELETE TO extra DO INSTEAD NOTHING;"
    " CREATE POLICY extra ON extra;"
    " CREATE TRIGGER extra BEFORE UPDATE ON extra"
    " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();"
    " ALTER EXTENSION plpgsql ADD TABLE extra",
    "types of an extension": "CREATE TYPE extra AS ENUM ('a'); CREATE DOMAIN extra_domain AS text;"
    " ALTER EXTENSION plpgsql ADD TYPE extra; ALTER EXTENSION plpgsql ADD DOMAIN extra_domain",
    "sequence and view of an extension": "CREATE SEQUENCE extra; CREATE VIEW extra_view AS SELECT;"
    " ALTER EXTENSION plpgsql ADD SEQUENCE extra; ALTER EXTENSION plpgsql ADD VIEW extra_view",
    "order of columns": "ALTER TABLE user_profiles DROP bio, ADD bio text NOT NULL DEFAULT ''",
    "value of a sequence": "SELECT setval('auth_group_id_seq', 1000)",
    "name of the sequence of an identity": "ALTER SEQUENCE auth_group_id_seq RENAME TO extra",
    "index to cluster by": "ALTER TABLE users CLUSTER ON users_pkey",
}


@pytest.mark.parametrize("sql", HARMLESS_IN_TRANSACTION.values(), ids=HARMLESS_IN_TRANSACTION)
def test_live_schema_after_harmless_statement__no_drift(sql: str, verify_live: Verify) -> None:
    run_sql(sql)
    assert verify_live().findings == []


SETTINGS = (
    "DateStyle=German,DMY",
    "IntervalStyle=iso_8601",
    "TimeZone=Asia/Kathmandu",
    "bytea_output=escape",
    "default_transaction_isolation=serializable",
    "extra_float_digits=-15",
    "quote_all_identifiers=on",
    "standard_conforming_strings=off",
)
SEARCH_PATHS = (
    "nowhere,empty,public",
    "pg_catalog,public",
    "public,empty,pg_temp",
    "public,pg_catalog",
)


def test_verify_schema_under_other_settings__identical(shared_clone: Database) -> None:
    options = " ".join(f"-c {setting}" for setting in SETTINGS)
    with shared_clone.options(options=options):
        assert shared_clone.verify("-v0").verdict == IDENTICAL


@pytest.mark.parametrize("search_path", SEARCH_PATHS)
def test_verify_schema_with_search_path__identical(
    shared_clone: Database, search_path: str
) -> None:
    shared_clone.execute("CREATE SCHEMA IF NOT EXISTS empty")
    with shared_clone.options(options=f"-c search_path={search_path}"):
        assert shared_clone.verify("-v0").verdict == IDENTICAL


def test_verify_schema_with_tables_in_another_schema__identical(clone: Database) -> None:
    clone.execute('ALTER SCHEMA public RENAME TO "Our ""own"""', "CREATE SCHEMA public")
    with clone.options(options=r'-c search_path=public,"Our\ ""own"""'):
        assert clone.verify("-v0").verdict == IDENTICAL


def test_verify_schema_with_another_default_access_method__identical(clone: Database) -> None:
    clone.execute(
        "CREATE ACCESS METHOD own_heap TYPE TABLE HANDLER heap_tableam_handler",
        "ALTER TABLE users SET ACCESS METHOD own_heap",
    )
    with clone.options(options="-c default_table_access_method=own_heap"):
        assert clone.verify("-v0").verdict == IDENTICAL


def test_verify_schema_as_role_that_owns_nothing__identical(shared_clone: Database) -> None:
    privilege = "GRANT SELECT ON django_migrations TO {role}"
    with new_role(shared_clone, privilege) as role, shared_clone.options(assume_role=role):
        assert shared_clone.verify("-v0").verdict == IDENTICAL


def test_verify_schema_with_server_side_binding__identical(shared_clone: Database) -> None:
    with shared_clone.options(server_side_binding=True):
        assert shared_clone.verify("-v0").verdict == IDENTICAL


def test_verify_schema_after_dump_and_restore__identical(shared_clone: Database) -> None:
    dump = run_program("pg_dump", shared_clone)
    with new_database() as restored:
        run_program("psql", restored, input=dump)
        assert restored.verify("-v0").verdict == IDENTICAL


def test_verify_schema_after_upgrade_from_17__reports_id_defaults_and_repairs_them(
    clone: Database,
) -> None:
    """pg_upgrade keeps the expression that PostgreSQL 17 needs in place of uuidv7()."""
    if clone.query("SHOW server_version_num") < [("180000",)]:
        pytest.skip("There is no uuidv7() to upgrade to before PostgreSQL 18")
    ids = clone.query(
        "SELECT table_name::text FROM information_schema.columns"
        "  JOIN pg_class ON pg_class.oid = table_name::regclass AND NOT relispartition"
        " WHERE table_schema = 'public' AND column_name = 'id' AND data_type = 'uuid'"
    )
    with clone.session() as session:
        for (table,) in ids:
            column = sql.SQL("ALTER TABLE {} ALTER id SET DEFAULT ").format(sql.Identifier(table))
            session.execute(column + sql.SQL(UUID7.inline_sql))
    drifts = json.loads(clone.verify("--format", "json").out)["drifts"]
    assert sorted((drift["table"], drift["name"], drift["code"]) for drift in drifts) == sorted(
        (table, "id", "VS203") for (table,) in ids
    )
    run_program("psql", clone, input=clone.verify("--sql").out.encode())
    assert clone.verify("-v0").verdict == IDENTICAL


def test_verify_schema_in_session_with_temporary_objects__identical(
    shared_clone: Database,
) -> None:
    with shared_clone.changed(
        "CREATE TEMP TABLE users (id int)", "CREATE TYPE pg_temp.role AS ENUM ('temporary')"
    ):
        assert shared_clone.verify().verdict == IDENTICAL
        with shared_clone.connection.cursor() as cursor:
            cursor.execute("SELECT * FROM pg_temp.users")
