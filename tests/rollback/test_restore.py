"""rollback --restore: everything that was dropped comes back, and nothing of others goes."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from config.postgres.catalog import Address
from config.rollback import restoration
from config.rollback.backup import Backup, write_backup
from config.rollback.client_programs import find_client_programs
from config.rollback.replacement import check_restored
from config.rollback.restoration import RestorationProgress
from tests.rollback.helpers import GO_ON, contents, refusal, rollback, rollback_until, session
from tests.support.migrations import dump, new_database, run_sql


def back_up(directory: Path, *schemas: str) -> Backup:
    """Write a backup of all tables and functions in `schemas`, as if a rollback dropped them."""
    found = ", ".join(f"'{schema}'::regnamespace" for schema in ("public", *schemas))
    relations = run_sql(
        f"SELECT oid FROM pg_class WHERE relnamespace IN ({found})"
        "   AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
    )
    objects = [
        Address(*row)
        for row in run_sql(
            f"SELECT 'pg_proc', oid FROM pg_proc WHERE pronamespace IN ({found}) UNION ALL"
            f" SELECT 'pg_type', oid FROM pg_type WHERE typnamespace IN ({found}) UNION ALL"
            f" SELECT 'pg_collation', oid FROM pg_collation WHERE collnamespace IN ({found})"
            " UNION ALL SELECT 'pg_namespace', oid FROM pg_namespace"
            f"  WHERE oid IN ({found}) AND nspname <> 'public'"
        )
    ]
    tools = find_client_programs(connection)
    return write_backup(connection, tools, [oid for (oid,) in relations], objects, directory)


ODD = r"""
    CREATE SCHEMA "My Schema-1"; CREATE SCHEMA "a.b";
    CREATE ROLE "{owner}";
    GRANT USAGE, CREATE ON SCHEMA "My Schema-1" TO "{owner}";
    CREATE TYPE "My Schema-1"."Mood; of" AS ENUM ('so ''so''', 'a"b', 'ä');
    CREATE DOMAIN "a.b"."Posi tive" AS int CONSTRAINT "ab ove" CHECK (VALUE > 0);
    CREATE COLLATION "a.b"."My Coll" FROM "C";
    CREATE TABLE "My Schema-1"."it's ""q"" COPY x (y) FROM stdin;
next" (id serial PRIMARY KEY, "Va.lue" text COLLATE "a.b"."My Coll", m "My Schema-1"."Mood; of"[]);
    INSERT INTO "My Schema-1"."it's ""q"" COPY x (y) FROM stdin;
next" ("Va.lue", m) VALUES (E'\\.', '{{ä,"a\"b"}}'), (NULL, NULL), (E'a\nb\tc\\', '{{}}');
    CREATE TABLE "a.b"."a.b" (n "a.b"."Posi tive", d int GENERATED ALWAYS AS (n * 2) STORED,
        i int GENERATED ALWAYS AS IDENTITY, r int REFERENCES
        "My Schema-1"."it's ""q"" COPY x (y) FROM stdin;
next");
    INSERT INTO "a.b"."a.b" (n, r) VALUES (1, 1), (2, NULL);
    CREATE TABLE "My Schema-1"."Größe_{long}" ();
    ALTER TABLE "My Schema-1"."Größe_{long}" OWNER TO "{owner}";
    CREATE TABLE "a.b".public (at date) PARTITION BY RANGE (at);
    CREATE TABLE "a.b"."public 1" PARTITION OF "a.b".public DEFAULT;
    INSERT INTO "a.b".public VALUES ('2026-01-02'), (NULL);
    CREATE TABLE "a.b".child (extra interval) INHERITS ("a.b"."a.b");
    INSERT INTO "a.b".child (n, i, extra) VALUES (3, 9, '-1 days +02:03');
    CREATE FUNCTION "a.b"."F(x"(a "My Schema-1"."Mood; of", b int[] DEFAULT '{{1}}') RETURNS int
        LANGUAGE sql AS $f$ SELECT 1; /* COPY "a.b"."a.b" FROM stdin;
\restrict abc
*/ $f$;
    CREATE AGGREGATE "a.b"."How many"(*) (sfunc = int8inc, stype = int8, initcond = '0');
    CREATE FUNCTION "a.b".touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER "to uch" BEFORE INSERT ON "a.b"."a.b" EXECUTE FUNCTION "a.b".touch();
    ALTER TABLE "a.b"."a.b" DISABLE TRIGGER "to uch";
    CREATE INDEX "in dex" ON "a.b"."a.b" ((n + 1)) WHERE n > 0;
    CREATE STATISTICS "a.b"."st at" ON n, d FROM "a.b"."a.b";
    ALTER TABLE "a.b"."a.b" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY "po licy" ON "a.b"."a.b" TO "{owner}" USING (n > 0);
    CREATE VIEW "a.b"."V 1" WITH (security_barrier) AS SELECT d AS "D d" FROM "a.b"."a.b";
    CREATE MATERIALIZED VIEW "a.b"."M 1" AS TABLE "a.b"."V 1"; CREATE INDEX ON "a.b"."M 1" ("D d");
    CREATE RULE "ru le" AS ON INSERT TO "a.b"."V 1" DO INSTEAD NOTHING;
    COMMENT ON COLUMN "a.b"."V 1"."D d" IS 'it''s 100%'; COMMENT ON SCHEMA "a.b" IS 'of two';
    COMMENT ON INDEX "a.b"."in dex" IS 'what'; COMMENT ON FUNCTION "a.b".touch IS 'f';
    GRANT SELECT (n), INSERT ON "a.b"."a.b" TO "{owner}"; GRANT SELECT ON "a.b"."V 1" TO PUBLIC;
    REVOKE ALL ON "a.b"."a.b" FROM CURRENT_USER; REVOKE ALL ON FUNCTION "a.b".touch FROM PUBLIC;
    CREATE UNLOGGED TABLE "My Schema-1".u WITH (fillfactor = 70) AS SELECT NULL::bytea, 'x';
    CREATE SEQUENCE "My Schema-1"."S 1" INCREMENT 5; SELECT nextval('"My Schema-1"."S 1"');
"""


def test_restore_of_odd_names__everything_as_before(database: str, backups: Path) -> None:
    owner = f"{database} of 'all'"
    run_sql(ODD.format(owner=owner, long="é" * 28))
    try:
        before = dump()
        backup = back_up(backups, '"My Schema-1"', '"a.b"')
        run_sql('DROP SCHEMA "My Schema-1", "a.b" CASCADE')
        rollback("--restore", backup.path, *GO_ON)
        assert dump() == before
        rollback("--restore", backup.path, *GO_ON)
        assert dump() == before
    finally:
        run_sql(f'DROP OWNED BY "{owner}"; DROP ROLE "{owner}"')


# What is of others


OTHERS = """
    CREATE ROLE "{owner}"; CREATE SCHEMA theirs; GRANT CREATE, USAGE ON SCHEMA theirs TO "{owner}";
    CREATE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE mood AS ENUM ('happy'); CREATE TABLE legacy (m mood, u uuid REFERENCES users);
    INSERT INTO legacy SELECT 'happy', id FROM users LIMIT 1;
    CREATE VIEW theirs.names AS SELECT email FROM users;
    CREATE VIEW theirs.more AS SELECT email, now() FROM theirs.names;
    COMMENT ON VIEW theirs.names IS 'theirs'; GRANT SELECT ON theirs.names TO "{owner}";
    ALTER VIEW theirs.more OWNER TO "{owner}";
    CREATE FUNCTION theirs.mail(users) RETURNS text LANGUAGE sql AS 'SELECT $1.email';
    CREATE POLICY own ON legacy USING (u IN (SELECT id FROM users));
"""
CHANGED_SINCE = """
    CREATE OR REPLACE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 2';
    ALTER TYPE mood ADD VALUE 'sad'; INSERT INTO legacy VALUES (NULL);
    CREATE OR REPLACE VIEW theirs.names AS SELECT email, 2 AS two FROM users;
    CREATE TABLE theirs.audits (id uuid);
    ALTER TABLE theirs.audits ADD FOREIGN KEY (id) REFERENCES courses ON DELETE CASCADE NOT VALID;
"""


def test_restore__what_is_of_others_stays_as_it_is_now(database: str, backups: Path) -> None:
    owner = f"{database} of 'all'"
    run_sql(OTHERS.format(owner=owner))
    try:
        rows = contents()["rows"]
        rollback("payments", *GO_ON)
        [path] = backups.glob("*.dump")
        run_sql(CHANGED_SINCE)
        run_sql("UPDATE auth_group SET name = 'changed'")
        theirs = dump("--schema=theirs")
        functions = run_sql("SELECT oid, xmin FROM pg_proc WHERE proname = 'theirs'")
        rollback("--restore", path, *GO_ON)
        assert dump("--schema=theirs") == theirs
        assert run_sql("SELECT oid, xmin FROM pg_proc WHERE proname = 'theirs'") == functions
        restored = contents()["rows"]
        assert restored.pop("legacy")[0] == 2
        rows.pop("legacy")
        assert restored == rows
    finally:
        run_sql(f'DROP OWNED BY "{owner}" CASCADE; DROP ROLE "{owner}"')


@pytest.fixture(scope="module")
def backup(
    filled: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Backup]:
    """A backup of a database in which nothing was rolled back."""
    with django_db_blocker.unblock(), new_database(filled):
        yield back_up(tmp_path_factory.mktemp("backup"))


@pytest.mark.parametrize(
    ("statement", "dependent", "drop"),
    [
        (
            "CREATE TABLE audits (status payment_status)",
            "column status of table public.audits",
            "DROP TABLE audits",
        ),
        (
            "CREATE TABLE archive () INHERITS (auth_group)",
            "table public.archive",
            "DROP TABLE archive",
        ),
        (
            "CREATE PUBLICATION feed FOR TABLE users",
            "publication of table public.users in publication feed",
            "DROP PUBLICATION feed",
        ),
    ],
    ids=["column of an enum type", "inheritance", "publication"],
)
def test_restore_with_something_in_the_way__named_and_nothing_changed(
    backup: Backup, statement: str, dependent: str, drop: str
) -> None:
    run_sql(statement)
    try:
        assert refusal("--restore", backup.path, *GO_ON) == (
            f"It cannot be restored while these depend on what is replaced: {dependent}. Nothing "
            "was changed. Drop what is in the way, or have its owner do it, and run rollback "
            "--restore again."
        )
    finally:
        run_sql(drop)


# Other sessions, and a restoration that is cut short


def test_restore_of_a_table_in_use__named_and_nothing_changed(backup: Backup) -> None:
    before = contents()
    with session() as other:
        other.execute("SELECT FROM payments")
        with pytest.raises(CommandError) as error:
            rollback("--restore", backup.path, *GO_ON)
        pid = other.info.backend_pid
    assert re.sub(r" for \d+ s", " for … s", str(error.value)) == (
        f"rollback --restore could not lock payments within 0.2 s: session {pid} (idle in "
        "transaction for … s, SELECT FROM payments) is in the way. Gave up after 1 attempt. "
        "Nothing was changed. Run rollback --restore again when that session has ended, or end "
        f"it: SELECT pg_terminate_backend({pid});"
    )
    assert contents() == before


def test_restore_of_a_table_in_use__waited_for(backup: Backup, settings: Settings) -> None:
    settings.MIGRATE_LOCK_RETRIES = 1
    before = contents()
    with session() as other:
        other.execute("DELETE FROM refunds")
        other.execute("DELETE FROM payments WHERE NOT EXISTS (TABLE refunds)")
        lines = rollback_until("Trying again", other.commit, "--restore", backup.path, *GO_ON)
    assert lines[-1] == f"Restored 31 tables and 16 enum types from {backup.path}."
    assert contents() == before


@pytest.fixture
def at_the_end(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Return a function that has something happen when all has been restored, before the commit."""

    def set_reaction(reaction: Callable[[], None]) -> None:
        def check(*args: Any) -> None:
            check_restored(*args)
            reaction()

        monkeypatch.setattr(restoration, "check_restored", check)

    return set_reaction


def end_session() -> None:
    pid = connection.connection.info.backend_pid
    with session() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_restore_whose_session_ends__nothing_changed(
    backup: Backup, at_the_end: Callable[[Callable[[], None]], None]
) -> None:
    at_the_end(end_session)
    assert refusal("--restore", backup.path, *GO_ON) == (
        f"{backup.path} was not restored: terminating connection due to administrator command. "
        "Nothing was changed."
    )


def test_restore_interrupted__nothing_changed(
    backup: Backup, at_the_end: Callable[[Callable[[], None]], None]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    before = contents()
    at_the_end(interrupt)
    with pytest.raises(KeyboardInterrupt) as interruption:
        rollback("--restore", backup.path, *GO_ON)
    assert str(interruption.value) == (
        "interrupted. Nothing was changed. Run rollback --restore again to go on."
    )
    assert contents() == before


def test_restoration_that_was_committed__said_so(backup: Backup) -> None:
    """As after a connection that is lost during the commit."""
    [(committed,)] = run_sql("SELECT pg_current_xact_id()::text")
    progress = RestorationProgress(transaction=committed)
    assert progress.after_interruption(connection) == "The restoration is done."


# A backup that is not whole


def test_file_that_is_cut_off__nothing_changed(backup: Backup, tmp_path: Path) -> None:
    path = tmp_path / "cut.dump"
    path.write_bytes(backup.path.read_bytes()[:-5000])
    assert refusal("--restore", path, *GO_ON) == (
        f"{path} was not restored: could not read from input file: end of file. Nothing was "
        "changed."
    )


def test_list_of_another_file__refused(backup: Backup, tmp_path: Path) -> None:
    path = tmp_path / "x.dump"
    path.write_bytes(backup.path.read_bytes())
    path.with_suffix(".list").write_text("99999; table other\n")
    assert refusal("--restore", path) == (
        f"{path} cannot be restored: x.list is the list of another file. Nothing was changed."
    )


def test_file_without_its_list__everything_in_it_restored(backup: Backup, tmp_path: Path) -> None:
    before = contents()
    (path := tmp_path / "x.dump").write_bytes(backup.path.read_bytes())
    run_sql("DELETE FROM refunds")
    rollback("--restore", path, *GO_ON)
    assert contents() == before


def test_restored_objects_that_are_missing__nothing_changed(
    backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoration, "create_parts", drop_users)
    assert refusal("--restore", backup.path, *GO_ON) == (
        f"{backup.path} was not restored: afterwards these were missing: table public.users. "
        "Nothing was changed."
    )


def drop_users(session: psycopg.Connection[Any], *args: object) -> None:
    session.execute("DROP TABLE public.users")


# What a database may set for its sessions

SETTINGS = {
    "array_nulls": "off",
    "bytea_output": "escape",
    "check_function_bodies": "off",
    "client_encoding": "LATIN1",
    "client_min_messages": "debug1",
    "datestyle": "SQL, DMY",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "extra_float_digits": "0",
    "idle_in_transaction_session_timeout": "2000",
    "intervalstyle": "sql_standard",
    "quote_all_identifiers": "on",
    "search_path": "pg_catalog",
    "session_replication_role": "replica",
    "standard_conforming_strings": "off",
    "timezone": "'Asia/Kathmandu'",
    "transform_null_equals": "on",
    "xmloption": "document",
}
VALUES = r"""
    CREATE TABLE public.various (t text, n text[], b bytea, f float8, i interval, d timestamptz,
        CHECK (t <> 'x' OR t IS NULL), c date DEFAULT '2026-02-01');
    INSERT INTO public.various VALUES ('ä€ł\\', '{NULL,"NULL"}', '\x00ff', 0.1 + 0.2,
        '-1 year 2 mons -3 days +04:05:06.7', '2026-02-03 04:05:06+07')
"""


def test_backup_and_restore_with_other_settings__everything_as_before(
    database: str, backups: Path
) -> None:
    run_sql(VALUES)
    before = dump()
    for name, value in SETTINGS.items():
        run_sql(f'ALTER DATABASE "{database}" SET {name} TO {value}')
    connection.close()
    try:
        path = back_up(backups).path
        run_sql("DROP TABLE public.various")
        rollback("--restore", path, *GO_ON)
    finally:
        run_sql(f'ALTER DATABASE "{database}" RESET ALL')
        connection.close()
    assert dump() == before
