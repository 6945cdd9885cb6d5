"""Drift of partitions, which verify_schema finds and repairs without a loss of rows."""

import json
from pathlib import Path

import pytest

from config.drift.advice import Advice, read_advice
from config.drift.comparison import Finding
from config.postgres import UNFINISHED
from config.postgres.catalog import read_schema
from tests.drift.conftest import Verify, run_script
from tests.drift.partition_kinds import (
    ATTACH,
    DEFAULT,
    DETACH,
    DROP_MONTH,
    FEBRUARY,
    JANUARY,
    MARCH,
    MONTHS,
    PARTITION_KINDS,
    TABLE,
    PartitionKind,
)
from tests.drift.test_migration_objects import found
from tests.support.databases import Database, new_role
from tests.support.lab import Lab
from tests.support.migrations import run_sql
from tests.support.verify_schema import IDENTICAL, drift, verify_schema


@pytest.mark.parametrize("kind", PARTITION_KINDS, ids=str)
def test_drift_of_partition__found_and_repaired_with_all_rows(
    kind: PartitionKind, verify_live: Verify
) -> None:
    run_sql("SET CONSTRAINTS ALL IMMEDIATE", MONTHS, kind.sql)
    result = verify_live()
    assert sorted(map(reported, result.findings)) == sorted(kind.findings)
    before = count("extra" if kind.name == "table renamed" else TABLE)
    run_script(statement for statement in result.script() if not statement.destructive)
    assert [reported(finding) for finding in verify_live().findings] == []
    assert count(TABLE) >= before


def test_table_partitioned_by_the_script__keeps_privileges_and_owner(verify_live: Verify) -> None:
    run_sql(f"ALTER TABLE {TABLE} OWNER TO pg_checkpoint")
    run_sql(f"CREATE TABLE other (LIKE {TABLE})", f"DROP TABLE {TABLE}")
    run_sql(f"ALTER TABLE other RENAME TO {TABLE}")
    run_sql(f"GRANT SELECT, INSERT ON {TABLE} TO pg_monitor")
    run_sql(f"GRANT SELECT ON {TABLE} TO PUBLIC", f"ALTER TABLE {TABLE} OWNER TO pg_checkpoint")
    [replace] = [
        found.repairs for found in verify_live().findings if found.drift.attribute == "kind"
    ]
    privileges = f"SELECT relacl::text[] FROM pg_class WHERE oid = '{TABLE}'::regclass"
    [(before,)] = run_sql(privileges)
    run_sql(replace[0].sql)
    [(after,)] = run_sql(privileges)
    assert sorted(after) == sorted(before)
    owner = f"SELECT relowner::regrole FROM pg_class WHERE relname = '{DEFAULT}'"
    assert run_sql(owner) == [("pg_checkpoint",)]


PART = f"CREATE TABLE {TABLE}_{{}} PARTITION OF {TABLE} FOR VALUES FROM ({{}}) TO ({{}})"
LIKE = f"CREATE TABLE other (LIKE {TABLE} INCLUDING ALL)"
ATTACH_LIKE = ATTACH + "other FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"
HARMLESS = {
    "weeks, quarters and centuries": (
        PART.format("weeks", "'2024-01-09 00:00+00'", "'2024-01-16 00:00+00'"),
        PART.format("quarter", "'2024-01-16 00:00+00'", "'2024-04-01 00:00+00'"),
        PART.format("earlier", "MINVALUE", "'2024-01-09 00:00+00'"),
        PART.format("later", "'2024-04-01 00:00+00'", "MAXVALUE"),
    ),
    "values far away": (
        PART.format("month", "'2024-01-01 00:00+00'", "'2024-02-01 00:00+00'"),
        PART.format("last", "'9999-12-01 00:00+00'", "'9999-12-31 00:00+00'"),
        PART.format("very_last", "'9999-12-31 00:00+00'", "'infinity'"),
        PART.format("infinity", "'infinity'", "MAXVALUE"),
    ),
    "partition like the table, with other names": (
        LIKE,
        "ALTER INDEX other_pkey RENAME TO key",
        ATTACH_LIKE,
    ),
    "partition with its columns in another order": (
        LIKE,
        "ALTER TABLE other DROP event_data, ADD event_data jsonb NOT NULL DEFAULT '{}'",
        "ALTER TABLE other ADD CONSTRAINT analytics_events_event_data_check"
        " CHECK (jsonb_typeof(event_data) = 'object')",
        ATTACH_LIKE,
    ),
    "comments on a partition": (
        f"COMMENT ON TABLE {DEFAULT} IS 'x'",
        f"COMMENT ON COLUMN {DEFAULT}.id IS 'x'",
    ),
}


@pytest.mark.parametrize("statements", HARMLESS.values(), ids=HARMLESS)
def test_partitions_that_differ_harmlessly__no_drift(
    statements: tuple[str, ...], verify_live: Verify
) -> None:
    run_sql(*statements)
    assert list(map(reported, verify_live().findings)) == []


DETACHED = {
    "other columns": f"ALTER TABLE {FEBRUARY} ADD extra int",
    "rows that are also elsewhere": f"COMMENT ON TABLE {FEBRUARY} IS '{UNFINISHED}'",
    "name of no month": f"ALTER TABLE {FEBRUARY} RENAME TO {TABLE}_2024_13",
    "another partition with its bounds": PART.format(
        "other", "'2024-02-01 00:00+00'", "'2024-03-01 00:00+00'"
    ),
}


@pytest.mark.parametrize("change", DETACHED.values(), ids=DETACHED)
def test_detached_month_that_cannot_be_attached__extra_table(
    change: str, verify_live: Verify
) -> None:
    run_sql(MONTHS, DETACH + FEBRUARY, "SET CONSTRAINTS ALL IMMEDIATE", change)
    findings = [finding for finding in verify_live().findings if finding.drift.code == "VS102"]
    [[statement]] = [finding.repairs for finding in findings]
    assert (statement.sql.startswith("DROP TABLE"), statement.destructive) == (True, True)


@pytest.mark.parametrize("end", [JANUARY, MARCH])
def test_first_or_last_month_detached__no_gap_is_reported(end: str, verify_live: Verify) -> None:
    run_sql(MONTHS, DETACH + end, "SET CONSTRAINTS ALL IMMEDIATE", DROP_MONTH)
    assert list(map(reported, verify_live().findings)) == [f"VS113 {TABLE}.{end} attached"]


@pytest.mark.usefixtures("models_read_once")
def test_verify_schema_with_months__identical_with_each_option(
    clone: Database, tmp_path: Path
) -> None:
    snapshot = tmp_path / "schema.txt"
    without = json.loads(clone.verify("--format", "json").out)["counts"]["table"]
    with clone.session() as session:
        session.execute(MONTHS)
    assert clone.verify("--snapshot", snapshot).err == ""
    assert clone.verify("--expect", snapshot, "-v0").verdict == IDENTICAL
    assert json.loads(clone.verify("--format", "json").out)["counts"]["table"] == without
    privilege = "GRANT SELECT ON django_migrations TO {role}"
    with new_role(clone, privilege) as role, clone.options(assume_role=role):
        assert clone.verify("-v0").verdict == IDENTICAL
    with clone.session() as session:
        session.execute(DETACH + FEBRUARY)
    assert clone.verify("--expect", snapshot, "-v0").verdict == drift(1)


def test_drift_of_partition__reported_at_its_table(quick_clone: Database) -> None:
    with quick_clone.changed(MONTHS, "SET CONSTRAINTS ALL IMMEDIATE", DROP_MONTH):
        report = quick_clone.verify("analytics", "--no-color").out
    assert f"  DRIFT  {TABLE}" in report
    assert f"VS111  partition {TABLE}.{FEBRUARY} is missing\n  expected  FOR VALUES" in report
    assert "  found     nothing\n  repair    DO $repair$\n            BEGIN\n" in report


def test_gap_in_the_last_month__one_drift(verify_live: Verify) -> None:
    run_sql(PART.format("a", "'9999-11-01 00:00+00'", "'9999-12-01 00:00+00'"))
    run_sql(PART.format("b", "'9999-12-15 00:00+00'", "MAXVALUE"))
    assert list(map(reported, verify_live().findings)) == [
        f"VS113 {TABLE}.{TABLE}_b partition bound"
    ]


FOREIGN = (
    f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey, DROP CONSTRAINT {TABLE}_user_id_fk",
    "CREATE FOREIGN DATA WRAPPER extra; CREATE SERVER extra FOREIGN DATA WRAPPER extra",
    PART.format("x", "'2024-01-01'", "'2025-01-01'").replace("TABLE", "FOREIGN TABLE")
    + " SERVER extra",
)


def test_partition_that_is_a_foreign_table__replaced_by_a_copy(verify_live: Verify) -> None:
    run_sql(*FOREIGN)
    [found] = [each for each in verify_live().findings if each.drift.key.kind == "partition"]
    assert reported(found) == f"VS113 {TABLE}.{TABLE}_x kind"
    [copy] = found.repairs
    assert f'FROM "old_{TABLE}_x";\n    DROP FOREIGN TABLE "old_{TABLE}_x";' in copy.sql


# Advice

EVER = PART.format("ever", "'2024-01-01 00:00+00'", "MAXVALUE")
OLD_ROW = f"INSERT INTO {TABLE} (event_type, \"timestamp\") VALUES ('x', '2001-01-01')"
AHEAD = Advice(
    "VA09",
    f"Table {TABLE} lacks a partition for the rest of this month or for the next month. "
    "manage.py partitions --ahead 6 creates the coming months.",
)
WAITING = Advice(
    "VA08",
    f"Default partition {DEFAULT} of table {TABLE} has rows of months without a partition. "
    "manage.py partitions --from YYYY-MM creates these months and moves the rows.",
)
CURRENT = PART.format(
    "month", "date_trunc('month', now())", "date_trunc('month', now()) + interval '1 month'"
)


@pytest.mark.parametrize(
    ("statements", "given"),
    [
        ((EVER,), []),
        ((), []),
        ((CURRENT,), [AHEAD]),
        ((OLD_ROW,), [WAITING]),
        ((f"DROP TABLE {DEFAULT}", EVER), []),
    ],
)
def test_advice_on_partitions__given(
    shared_clone: Database, statements: tuple[str, ...], given: list[Advice]
) -> None:
    schema = read_schema(shared_clone.connection)
    with shared_clone.changed(*statements):
        assert read_advice(shared_clone.connection, schema, [TABLE], []) == given


# Other models

MODELS = """
class Event(models.Model):
    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=9)
    class Meta:
        db_table = 'sales"."event'
        constraints = [MonthlyPartitions("at", name="event_rest")]

class Log(models.Model):
    day = models.DateField()
    class Meta:
        db_table = "log"
        constraints = [MonthlyPartitions("day", name="log_rest")]
"""
OF_MODELS = (
    "CREATE TABLE sales.event_2024_01 PARTITION OF sales.event"
    " FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');"
    "CREATE TABLE sales.event_2024_03 PARTITION OF sales.event"
    " FOR VALUES FROM ('2024-03-01') TO ('2024-04-01');"
    "CREATE TABLE log_2024_11 PARTITION OF log FOR VALUES FROM ('2024-11-01') TO ('2024-12-01');"
    "CREATE TABLE log_2025_01 PARTITION OF log FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');"
    "CREATE INDEX extra ON sales.event_2024_01 (kind);"
    "ALTER TABLE sales.event_rest RENAME TO other;"
    "INSERT INTO sales.event (at, kind) VALUES ('2024-02-03', 'x');"
    "INSERT INTO log (day) VALUES ('2024-12-31');"
)


def test_partitions_of_two_models_one_in_another_schema__compared_and_repaired(lab: Lab) -> None:
    lab.write_models(MODELS)
    run_sql("CREATE SCHEMA sales")
    lab.migrate()
    assert found() == []
    run_sql(OF_MODELS)
    assert [each.replace('"."', ".") for each in found()] == [
        "VS111 sales.event.event_2024_02",
        "VS113 sales.event.event_2024_01",
        "VS113 sales.event.other",
        "VS111 log.log_2024_12",
    ]
    run_sql(verify_schema("--sql").out)
    assert found() == []
    run_sql("DO 'BEGIN ASSERT (SELECT count(*) FROM sales.event_2024_02) = 1; END'")
    run_sql("DO 'BEGIN ASSERT (SELECT count(*) FROM log_2024_12) = 1; END'")


def reported(finding: Finding) -> str:
    """Return the code, the object and the attribute of a finding."""
    drift = finding.drift
    return f"{drift.code} {drift.key} {drift.attribute}".rstrip()


def count(table: str) -> int:
    [(rows,)] = run_sql(f"SELECT count(*) FROM {table}")
    return int(rows)
