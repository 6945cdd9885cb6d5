"""rollback --restore: all dropped objects are restored, and other objects stay."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from config.rollback.backup import Backup
from tests.rollback.backups import back_up
from tests.rollback.helpers import GO_ON, contents, refusal, rollback
from tests.support.migrations import dump, run_sql

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
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "{owner}";
    ALTER DEFAULT PRIVILEGES IN SCHEMA "a.b" GRANT INSERT ON TABLES TO "{owner}";
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON SEQUENCES TO PUBLIC;
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM CURRENT_USER;
"""


def test_restore_of_odd_names__everything_as_before(accounts_copy: str, backups: Path) -> None:
    owner = f"{accounts_copy} of 'all'"
    run_sql(ODD.format(owner=owner, long="é" * 28))
    try:
        before = dump()
        backup = back_up(backups, '"My Schema-1"', '"a.b"')
        run_sql('DROP SCHEMA "My Schema-1", "a.b" CASCADE')
        rollback("--restore", backup.path, *GO_ON)
        assert dump() == before
        [overwritten, _] = rollback("--restore", backup.path, *GO_ON)
        assert overwritten.endswith(
            'It also replaces materialized view "a.b"."M 1", view "a.b"."V 1", routine '
            '"a.b"."F(x"("My Schema-1"."Mood; of",integer[]), routine "a.b"."How many"(), '
            'routine "a.b".touch().'
        )
        assert dump() == before
    finally:
        run_sql(f'DROP OWNED BY "{owner}"; DROP ROLE "{owner}"')


def test_restore_on_a_cluster__names_the_next_step(
    accounts_copy: str, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = back_up(backups)
    module = "config.rollback.management.commands.rollback"
    monkeypatch.setattr(f"{module}.is_cluster", lambda alias: True)
    *_, last = rollback("--restore", backup.path, *GO_ON)
    assert last == "They are on the coordinator. Run manage.py distribute to place them."


def test_rollback_in_a_schema_with_a_blank__restored(accounts_copy: str, backups: Path) -> None:
    run_sql('ALTER SCHEMA public RENAME TO "My Schema-1"; CREATE SCHEMA public')
    run_sql(f'ALTER DATABASE "{accounts_copy}" SET search_path TO "My Schema-1", public')
    connection.close()
    before = contents()
    rollback("users", *GO_ON)
    [path] = backups.glob("*.dump")
    assert rollback("--restore", path, *GO_ON)[-1] == (
        f"Restored 7 tables and 1 enum type from {path}."
    )
    assert contents() == before


# Objects that migrations did not create


OTHERS = """
    CREATE ROLE "{owner}" SUPERUSER; CREATE SCHEMA theirs;
    GRANT CREATE, USAGE ON SCHEMA theirs TO "{owner}";
    CREATE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE mood AS ENUM ('happy'); CREATE TABLE legacy (m mood, u uuid REFERENCES users);
    INSERT INTO legacy SELECT 'happy', id FROM users LIMIT 1;
    CREATE VIEW theirs.names AS SELECT email FROM users;
    CREATE VIEW theirs.more AS SELECT email, now() FROM theirs.names;
    CREATE MATERIALIZED VIEW theirs.copied AS SELECT email::text FROM users;
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


@contextmanager
def as_role(name: str) -> Iterator[None]:
    """Let connections assume the role `name` until the block ends."""
    options = connection.settings_dict["OPTIONS"]
    options["assume_role"] = name
    connection.close()
    try:
        yield
    finally:
        del options["assume_role"]
        connection.close()


def test_restore__leaves_objects_of_others_as_they_are_now(
    filled_database: str, backups: Path
) -> None:
    owner = f"{filled_database} of 'all'"
    run_sql(OTHERS.format(owner=owner))
    try:
        rows = contents()["rows"]
        rollback("payments", *GO_ON)
        [path] = backups.glob("*.dump")
        run_sql(CHANGED_SINCE)
        run_sql("UPDATE auth_group SET name = 'changed'")
        theirs = dump("--schema=theirs")
        functions = run_sql("SELECT oid, xmin FROM pg_proc WHERE proname = 'theirs'")
        with as_role(owner):
            rollback("--restore", path, *GO_ON)
        assert dump("--schema=theirs") == theirs
        assert run_sql("SELECT oid, xmin FROM pg_proc WHERE proname = 'theirs'") == functions
        restored = contents()["rows"]
        assert restored.pop("legacy")[0] == 2
        rows.pop("legacy")
        assert restored == rows
    finally:
        run_sql(f'DROP OWNED BY "{owner}" CASCADE; DROP ROLE "{owner}"')


@pytest.mark.parametrize(
    ("statement", "dependent", "drop"),
    [
        (
            "CREATE TABLE audits (held role)",
            "column held of table public.audits",
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
def test_restore_with_a_dependent_object__named_and_nothing_changed(
    backup: Backup, statement: str, dependent: str, drop: str
) -> None:
    run_sql(statement)
    try:
        assert refusal("--restore", backup.path, *GO_ON) == (
            "The backup cannot be restored, because other objects depend on its tables: "
            f"{dependent}. Nothing was changed. Drop these objects, or ask their owner to, and run "
            "rollback --restore again."
        )
    finally:
        run_sql(drop)


# Settings of a database for its sessions

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
    accounts_copy: str, backups: Path
) -> None:
    run_sql(VALUES)
    before = dump()
    for name, value in SETTINGS.items():
        run_sql(f'ALTER DATABASE "{accounts_copy}" SET {name} TO {value}')
    connection.close()
    try:
        path = back_up(backups).path
        run_sql("DROP TABLE public.various")
        rollback("--restore", path, *GO_ON)
    finally:
        run_sql(f'ALTER DATABASE "{accounts_copy}" RESET ALL')
        connection.close()
    assert dump() == before
