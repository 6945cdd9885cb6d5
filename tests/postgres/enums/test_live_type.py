"""Labels that are removed or reordered while other objects depend on the type."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.operations import RunSQL
from django.db.migrations.state import ProjectState
from pytest_django import DjangoDbBlocker

from config.postgres.catalog import Catalog
from config.postgres.enums import AddEnumValue, AlterEnum, EnumOperation
from tests.support.databases import libpq_parameters
from tests.support.migrations import (
    applied,
    dump,
    live_catalog,
    new_default_database,
    run_sql,
    unapplied,
)
from tests.support.processes import eventually

LABELS = ["low", "high", "none"]
REORDER = AlterEnum("level", labels=["none", "low", "high"], old_labels=LABELS)

BASE = """
    CREATE TYPE level AS ENUM ('low', 'high', 'none');
    CREATE TABLE task (id int PRIMARY KEY, title text, level level NOT NULL, levels level[]);
    INSERT INTO task VALUES (1, 'one', 'low', '{low,high}'), (2, 'two', 'high', NULL),
                            (3, 'three', 'none', '{}');
"""
# Objects that depend on the type, on a column of the type, or on other dependent objects.
DEPENDENTS = {
    "default": "ALTER TABLE task ALTER level SET DEFAULT 'low'",
    "default of an array": "ALTER TABLE task ALTER levels SET DEFAULT '{low,high}'",
    "default of another column": "ALTER TABLE task ALTER title SET DEFAULT 'low'::level::text",
    "index": "CREATE INDEX task_level ON task (level)",
    "array index": "CREATE INDEX task_levels ON task USING gin (levels)",
    "partial index": """
        CREATE INDEX task_low ON task (title) WHERE level = 'low';
        COMMENT ON INDEX task_low IS 'It''s low';
    """,
    "expression index": "CREATE INDEX task_is ON task ((level IN ('low', 'high')), title)",
    "clustered index": """
        CREATE INDEX task_case ON task ((CASE level WHEN 'low' THEN 1 END));
        ALTER TABLE task CLUSTER ON task_case;
    """,
    "unique": "ALTER TABLE task ADD CONSTRAINT task_uniq UNIQUE (level) DEFERRABLE",
    "check": """
        ALTER TABLE task ADD CONSTRAINT task_check CHECK (level <> 'none' OR title <> '');
        COMMENT ON CONSTRAINT task_check ON task IS 'None has no title';
    """,
    "check that is not valid": """
        ALTER TABLE task ADD CONSTRAINT task_check CHECK (level > 'low') NOT VALID
    """,
    "check of an array": """
        ALTER TABLE task ADD CONSTRAINT task_check CHECK (levels <@ '{low,high,none}'::level[])
    """,
    "exclusion": """
        ALTER TABLE task ADD CONSTRAINT task_excl
        EXCLUDE USING btree (title WITH =) WHERE (level = 'low');
        COMMENT ON INDEX task_excl IS 'One low title';
    """,
    "generated column": """
        ALTER TABLE task ADD is_low boolean NOT NULL GENERATED ALWAYS AS (level = 'low') STORED;
        COMMENT ON COLUMN task.is_low IS 'Is it low?';
        CREATE INDEX task_is_low ON task (is_low);
        ALTER TABLE task ADD CONSTRAINT task_is_low_check CHECK (is_low OR NOT is_low);
        CREATE VIEW low_task AS SELECT id FROM task WHERE is_low;
    """,
    "generated column of the type": """
        ALTER TABLE task ADD top level GENERATED ALWAYS AS (coalesce(level, 'none')) STORED;
        CREATE UNIQUE INDEX task_top ON task (top);
        ALTER TABLE task REPLICA IDENTITY FULL;
    """,
    "view": """
        CREATE VIEW low_task WITH (security_barrier=true) AS SELECT * FROM task WHERE level = 'low';
        COMMENT ON VIEW low_task IS 'The low ones';
        COMMENT ON COLUMN low_task.title IS 'Of the low ones';
        ALTER VIEW low_task ALTER title SET DEFAULT 'low';
    """,
    "view on a view": """
        CREATE VIEW z_task AS SELECT title, level FROM task;
        CREATE VIEW a_task AS SELECT title FROM z_task WHERE title <> '';
        CREATE VIEW m_task AS SELECT count(*) FROM a_task JOIN z_task USING (title);
    """,
    "materialized view": """
        CREATE MATERIALIZED VIEW level_count AS SELECT level, count(*) FROM task GROUP BY level;
        CREATE UNIQUE INDEX level_count_level ON level_count (level);
        CREATE INDEX level_count_low ON level_count (count) WHERE level = 'low';
        ALTER MATERIALIZED VIEW level_count CLUSTER ON level_count_level;
        CREATE MATERIALIZED VIEW level_empty AS SELECT level FROM level_count WITH NO DATA;
    """,
    "foreign key": """
        CREATE TABLE level_name (level level PRIMARY KEY, name text);
        INSERT INTO level_name VALUES ('low', 'Low'), ('high', 'High'), ('none', 'None');
        ALTER TABLE task ADD CONSTRAINT task_level_fk FOREIGN KEY (level) REFERENCES level_name
        ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
    """,
    "trigger": """
        CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER task_low BEFORE UPDATE ON task FOR EACH ROW WHEN (NEW.level = 'low')
        EXECUTE FUNCTION nothing();
        CREATE TRIGGER task_level AFTER UPDATE OF level ON task EXECUTE FUNCTION nothing();
        ALTER TABLE task DISABLE TRIGGER task_level;
        COMMENT ON TRIGGER task_low ON task IS 'Low';
    """,
    "rule": """
        CREATE RULE task_low AS ON DELETE TO task WHERE OLD.level = 'low' DO INSTEAD NOTHING;
        COMMENT ON RULE task_low ON task IS 'Low';
        CREATE VIEW task_view AS SELECT * FROM task;
        CREATE RULE view_low AS ON DELETE TO task_view DO INSTEAD
        DELETE FROM task WHERE level = OLD.level;
    """,
    "policy": """
        ALTER TABLE task ENABLE ROW LEVEL SECURITY;
        CREATE POLICY task_low ON task AS RESTRICTIVE FOR UPDATE USING (level = 'low')
        WITH CHECK (level <> 'none');
        CREATE POLICY task_any ON task USING (level IS NOT NULL);
        COMMENT ON POLICY task_low ON task IS 'Low';
    """,
    "function": """
        CREATE FUNCTION rank(level) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
        COMMENT ON FUNCTION rank(level) IS 'Of a level';
        REVOKE ALL ON FUNCTION rank(level) FROM PUBLIC;
        CREATE FUNCTION lows() RETURNS bigint STABLE
        BEGIN ATOMIC SELECT count(*) FROM task WHERE level = 'low'; END;
        CREATE PROCEDURE nothing(INOUT l level) LANGUAGE sql AS 'SELECT l';
        ALTER TABLE task ADD CONSTRAINT task_rank CHECK (rank(level) > 0);
        ALTER TABLE task ADD rank int GENERATED ALWAYS AS (rank(level)) STORED;
        CREATE INDEX task_rank_idx ON task (rank(level));
    """,
    "statistics": "CREATE STATISTICS task_stats ON level, title FROM task",
    "statistics of an expression": """
        CREATE STATISTICS task_stats ON (level = 'low'), title FROM task;
        ALTER STATISTICS task_stats SET STATISTICS 10;
        COMMENT ON STATISTICS task_stats IS 'Low';
    """,
    "domain": """
        CREATE DOMAIN real_level AS level DEFAULT 'low' NOT NULL
        CONSTRAINT not_none CHECK (VALUE <> 'none');
        COMMENT ON DOMAIN real_level IS 'A level that is one';
        CREATE DOMAIN real_levels AS level[] CHECK (cardinality(VALUE) > 0);
        CREATE TABLE goal (level real_level DEFAULT 'high', levels real_levels, all_ real_level[]);
        INSERT INTO goal VALUES ('low', '{low}', '{high}');
        CREATE INDEX goal_low ON goal (levels) WHERE level::level = 'low';
    """,
    "inheritance": """
        CREATE TABLE child (age int) INHERITS (task);
        CREATE INDEX child_low ON child (age) WHERE level = 'low';
        ALTER TABLE task ADD CONSTRAINT task_check CHECK (level <> 'none' OR title <> '');
        CREATE VIEW child_view AS SELECT level FROM child;
    """,
    "partitions": """
        CREATE TABLE event (id int, level level DEFAULT 'low', CHECK (level <> 'none'))
        PARTITION BY RANGE (id);
        CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10);
        CREATE INDEX event_level ON event (level);
        INSERT INTO event VALUES (1, 'high');
        CREATE VIEW event_view AS SELECT level FROM event_1;
    """,
    "comments and names": """
        COMMENT ON TYPE level IS 'How high';
        COMMENT ON COLUMN task.level IS 'How high it is';
        ALTER TABLE task RENAME level TO "the ""level"" 100%";
        CREATE VIEW "odd % view" AS SELECT "the ""level"" 100%" AS "%s" FROM task;
    """,
    "another schema": """
        CREATE SCHEMA other;
        CREATE TABLE other.task (level level DEFAULT 'low' CHECK (level <> 'none'));
        CREATE VIEW other.lows AS SELECT * FROM other.task WHERE level = 'low';
        CREATE INDEX low ON other.task ((level = 'low'));
    """,
    "privileges": """
        CREATE VIEW v AS SELECT level, title FROM task;
        GRANT SELECT ON v TO {role}; GRANT UPDATE (title) ON v TO {role} WITH GRANT OPTION;
        ALTER VIEW v OWNER TO {role};
        REVOKE USAGE ON TYPE level FROM PUBLIC; GRANT USAGE ON TYPE level TO {role};
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {role};
        CREATE VIEW w AS SELECT level, title FROM task;
        REVOKE SELECT ON w FROM {role};
    """,
}


@pytest.fixture
def live_type(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), new_default_database():
        run_sql(BASE)
        yield


def definitions() -> list[str]:
    """Return the schema, independent of the order of columns and labels."""
    lines = [line.rstrip(",") for line in dump("--schema-only")]
    return sorted(line for line in lines if line and not line.startswith(("--", "SET ")))


def rows() -> list[str]:
    """Return all rows, independent of the order of columns."""
    return [row for (row,) in run_sql("SELECT to_jsonb(task)::text FROM task ORDER BY id")]


@pytest.fixture
def task(db: None) -> None:
    """Create the table `task` in a transaction."""
    run_sql(BASE)


def test_type_swapped__dependents_are_as_before(
    live_type: None, guest: str, subtests: pytest.Subtests
) -> None:
    """Each kind of dependent is in a separate schema, with a type of the same name."""
    for number, statements in enumerate(DEPENDENTS.values()):
        run_sql(f"CREATE SCHEMA s{number}; SET search_path = s{number}; {BASE}")
        run_sql(statements.replace("{role}", guest))
    before = definitions()
    for number, name in enumerate(DEPENDENTS):
        with subtests.test(name):
            run_sql(f"SET search_path = s{number}")
            rows_before = rows()
            applied(ProjectState(), REORDER)
            assert rows() == rows_before
            assert run_sql("SELECT enum_range(NULL::level)::text") == [("{none,low,high}",)]
    assert definitions() == before


def commit_once_awaited(session: psycopg.Connection[Any]) -> None:
    """Commit the transaction of `session` when another session waits for one of its locks."""
    waiters = "SELECT 1 FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    is_awaited = eventually(lambda: session.execute(waiters).fetchone() is not None)
    session.commit()
    assert is_awaited


def test_default_changed_while_the_swap_waits_for_its_lock__kept(live_type: None) -> None:
    run_sql("ALTER TABLE task ALTER level SET DEFAULT 'low'")
    where = libpq_parameters(connection)
    with psycopg.connect(**where) as session, ThreadPoolExecutor(1) as executor:
        session.execute("ALTER TABLE task ALTER level SET DEFAULT 'high'")
        committed = executor.submit(commit_once_awaited, session)
        applied(ProjectState(), REORDER)
        committed.result()
    default = "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'task'::regclass"
    assert run_sql(default) == [("'high'::level",)]


# Removed labels

REMOVE = AlterEnum("level", labels=["low", "none"], old_labels=LABELS)
REPLACE = AlterEnum("level", ["low", "none"], LABELS, replace={"high": "none"})


def catalog_and_rows() -> tuple[Catalog, list[str]]:
    return live_catalog(), rows()


def refusal(operation: EnumOperation, *, undone: bool = False) -> str:
    """Return the message that refuses `operation`; check that the database is unchanged."""
    before = catalog_and_rows()
    with pytest.raises(CommandError) as error:
        (unapplied if undone else applied)(ProjectState(), operation)
    assert catalog_and_rows() == before
    return str(error.value)


def test_label_removed_that_rows_use__refused_with_their_number_and_the_next_step(
    task: None,
) -> None:
    run_sql("""
        CREATE SCHEMA other;
        CREATE TABLE other."A%" (l level);
        INSERT INTO other."A%" VALUES ('high'), ('high'), (NULL);
    """)
    assert refusal(REMOVE) == (
        "Cannot remove label 'high' from enum type 'level': 4 rows use 'high' (other.\"A%\".l: 2, "
        "task.level: 1, task.levels: 1). This migration changed nothing. Give the rows another "
        "label first, for example: UPDATE other.\"A%\" SET l = 'low' WHERE l = 'high'; "
        "UPDATE task SET level = 'low' WHERE level = 'high'; "
        "UPDATE task SET levels = array_replace(levels, 'high', 'low') WHERE 'high' = ANY (levels);"
        " Or let the migration replace the label: AlterEnum(..., replace={'old': 'new'})."
    )


def test_label_removed_after_the_advised_update__removed(task: None) -> None:
    run_sql(" ".join(re.findall("UPDATE .*?;", refusal(REMOVE))))
    applied(ProjectState(), REMOVE)
    assert run_sql("SELECT level::text, levels::text FROM task ORDER BY id") == [
        ("low", "{low,low}"),
        ("low", None),
        ("none", "{}"),
    ]


def test_labels_removed_that_rows_use__each_counted(task: None) -> None:
    assert refusal(AlterEnum("level", ["none"], LABELS)).startswith(
        "Cannot remove labels 'low', 'high' from enum type 'level': 2 rows use 'low' "
        "(task.level: 1, task.levels: 1), 2 rows use 'high' (task.level: 1, task.levels: 1). "
    )


def test_all_labels_removed_while_rows_use_one__refused_with_advice_to_delete_the_rows(
    task: None,
) -> None:
    run_sql("UPDATE task SET level = 'low', levels = NULL")
    assert refusal(AlterEnum("level", [], LABELS)) == (
        "Cannot remove label 'low' from enum type 'level': 3 rows use 'low' (task.level: 3). This "
        "migration changed nothing. Delete the rows first. Or let the migration replace the label: "
        "AlterEnum(..., replace={'old': 'new'})."
    )


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (
            "ALTER TABLE task ALTER level SET DEFAULT 'high'",
            "the default of column level of table task",
        ),
        (
            "ALTER TABLE task ALTER levels SET DEFAULT '{low,high}'",
            "the default of column levels of table task",
        ),
        ("CREATE VIEW high AS SELECT FROM task WHERE level = 'high'", "view high"),
        ("CREATE INDEX high ON task (id) WHERE level = 'high'", "index high"),
        (
            "ALTER TABLE task ADD CONSTRAINT c CHECK (level <> 'high') NOT VALID",
            "constraint c on table task",
        ),
        (
            "ALTER TABLE task ADD h boolean GENERATED ALWAYS AS (level = 'high') STORED",
            "the expression of column h of table task",
        ),
        ("CREATE DOMAIN high AS level DEFAULT 'high'", "type high"),
    ],
)
def test_label_removed_that_a_definition_names__refused(
    task: None, statement: str, what: str
) -> None:
    run_sql("UPDATE task SET level = 'low', levels = NULL")
    run_sql(statement)
    assert refusal(REMOVE) == (
        f"Cannot remove label 'high' from enum type 'level': {what} uses it. This migration "
        "changed nothing. Change or drop this object first."
    )


def test_label_with_quotes_and_backslash_that_a_definition_names__found(task: None) -> None:
    run_sql(r"""
        CREATE TYPE odd AS ENUM ('it''s', E'a\\b', '{"x"}');
        CREATE VIEW v AS SELECT ARRAY['it''s']::odd[] AS a, E'a\\b'::odd AS b, '{"x"}'::odd AS c;
    """)
    odd = ["it's", "a\\b", '{"x"}']
    for label in odd:
        rest = [other for other in odd if other != label]
        assert refusal(AlterEnum("odd", rest, odd)).startswith(
            f"Cannot remove label {label!r} from enum type 'odd': view v uses it."
        )


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (
            "CREATE TYPE pair AS (a level, b level)",
            "column a of composite type pair, column b of composite type pair",
        ),
        ("CREATE TYPE levels AS RANGE (subtype = level)", "type levels"),
        (
            "CREATE AGGREGATE top(level) (sfunc = enum_larger, stype = level)",
            "function top(level)",
        ),
        ("CREATE CAST (text AS level) WITH INOUT AS IMPLICIT", "cast from text to level"),
        ("CREATE TABLE parts (l level) PARTITION BY LIST (l)", "column l of table parts"),
        (
            "CREATE PUBLICATION p FOR TABLE task (id, level)",
            "publication of table task in publication p",
        ),
    ],
)
def test_dependent_that_cannot_be_created_again__refused(
    task: None, statement: str, what: str
) -> None:
    run_sql(statement)
    assert refusal(REORDER) == (
        "Cannot give enum type 'level' other labels: the migration cannot drop and recreate "
        f"{what}. This migration changed nothing. Drop these objects, run the migration, and "
        "create them again."
    )


def test_label_replaced__rows_have_the_replacement(task: None) -> None:
    applied(ProjectState(), REPLACE)
    assert run_sql("SELECT level::text, levels::text FROM task ORDER BY id") == [
        ("low", "{low,none}"),
        ("none", None),
        ("none", "{}"),
    ]


def test_label_replaced_and_undone__label_is_restored_and_rows_keep_the_replacement(
    task: None,
) -> None:
    applied(ProjectState(), REPLACE)
    unapplied(ProjectState(), REPLACE)
    assert run_sql("SELECT enum_range(NULL::level)::text") == [("{low,high,none}",)]
    assert run_sql("SELECT level::text FROM task ORDER BY id") == [("low",), ("none",), ("none",)]


@pytest.mark.parametrize("replace", [{"low": "none"}, {"high": "higher"}])
def test_replacement_of_a_kept_label_or_by_an_unknown_label__refused(
    replace: dict[str, str],
) -> None:
    with pytest.raises(ValueError, match="must map removed labels") as error:
        AlterEnum("level", ["low", "none"], LABELS, replace=replace)
    assert str(error.value) == ("`replace` must map removed labels to labels that stay.")


def test_addition_undone_while_rows_use_the_label__refused(task: None) -> None:
    assert refusal(AddEnumValue("level", "high", after="low"), undone=True) == (
        "Cannot remove label 'high' from enum type 'level': 2 rows use 'high' (task.level: 1, "
        "task.levels: 1). This migration changed nothing. Give the rows another label first, for "
        "example: UPDATE task SET level = 'low' WHERE level = 'high'; "
        "UPDATE task SET levels = array_replace(levels, 'high', 'low') WHERE 'high' = ANY (levels);"
    )


def test_missing_type__refused(task: None) -> None:
    assert refusal(AlterEnum("mood", ["a"], ["b"])) == (
        f"There is no enum type 'mood' in database {connection.settings_dict['NAME']!r}. This "
        "migration changed nothing. Run manage.py verify_schema to see what else is missing."
    )


def test_undeclared_labels__kept_when_an_addition_is_undone(task: None) -> None:
    run_sql("ALTER TYPE level ADD VALUE 'higher'")
    unapplied(ProjectState(), AddEnumValue("level", "by hand"))
    labels = (
        "SELECT enumlabel FROM pg_enum WHERE enumtypid = 'level'::regtype ORDER BY enumsortorder"
    )
    assert run_sql(labels) == [("low",), ("high",), ("none",), ("higher",)]


def test_rows_changed_in_the_same_migration__not_in_the_way(task: None) -> None:
    run_sql("""
        ALTER TABLE task ADD UNIQUE (title) DEFERRABLE INITIALLY DEFERRED;
    """)
    applied(ProjectState(), RunSQL("UPDATE task SET level = 'low', levels = NULL"), REMOVE)
    assert run_sql("SELECT enum_range(NULL::level)::text") == [("{low,none}",)]
