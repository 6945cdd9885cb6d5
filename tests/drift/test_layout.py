"""Comparison of the placement of tables on a cluster."""

from collections.abc import Callable

import pytest

from config.drift import comparison
from config.drift.reports.script import repair_script
from config.postgres.citus import Layout, Placement, declared_layout, release
from tests.drift.conftest import Verify
from tests.drift.partition_kinds import FEBRUARY, MONTHS, TABLE
from tests.support.migrations import run_sql

type UseLayout = Callable[[Layout], None]

LAYOUTS = [({"other": Placement("id")}, False), ({"users": Placement()}, True)]


@pytest.fixture
def use_layout(monkeypatch: pytest.MonkeyPatch) -> UseLayout:
    """Return a function that makes verify_schema read `layout` as the layout of the cluster."""
    return lambda layout: monkeypatch.setattr(comparison, "read_layout", lambda *_: layout)


@pytest.mark.parametrize(("layout", "is_expected"), LAYOUTS)
def test_layout__expected_once_the_table_of_a_model_is_distributed(
    layout: Layout, is_expected: bool, verify_live: Verify, use_layout: UseLayout
) -> None:
    use_layout(layout)
    attributes = {finding.drift.attribute for finding in verify_live().findings}
    assert ("placement" in attributes) is is_expected


def repair(verify_live: Verify, *objects: str) -> list[str]:
    """Return the statements that repair these objects, without the text of comments."""
    wanted = [
        statement
        for finding in verify_live().findings
        if str(finding.drift.key) in objects
        for statement in finding.repairs
    ]
    script = [item for item in verify_live().script() if item in wanted]
    return [
        f"{'-- DESTRUCTIVE: ' * item.destructive}{item.sql.partition(' IS ')[0]}" for item in script
    ]


ALLOWED = "SET citus.enable_unsafe_triggers = on;"
DETACH_PENDING = (
    f"UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = '{FEBRUARY}'::regclass"
)
ATTACHED = f"""DO $repair$
BEGIN
    SET CONSTRAINTS ALL IMMEDIATE;
    SET LOCAL citus.enable_ddl_propagation = off;
    ALTER TABLE "{TABLE}" DETACH PARTITION "{FEBRUARY}" FINALIZE;
    ALTER TABLE "{TABLE}" ATTACH PARTITION "{FEBRUARY}" FOR VALUES FROM \
('2024-02-01 00:00:00+00') TO ('2024-03-01 00:00:00+00');
    SET LOCAL citus.enable_ddl_propagation = on;
END
$repair$;"""
CHECK = "ALTER TABLE courses {} CONSTRAINT courses_enrollment_count_check"


@pytest.mark.django_db
def test_renamed_check_on_cluster__is_dropped_and_added(
    verify_live: Verify, use_layout: UseLayout
) -> None:
    use_layout(declared_layout())
    run_sql(f"{CHECK.format('RENAME')} TO extra")
    objects = ("courses.extra", "courses.courses_enrollment_count_check")
    assert repair(verify_live, *objects) == [
        'ALTER TABLE "courses" DROP CONSTRAINT "extra";',
        'ALTER TABLE "courses" ADD CONSTRAINT "courses_enrollment_count_check" '
        "CHECK ((enrollment_count >= 0));",
    ]


@pytest.mark.parametrize(("layout", "is_set"), [(declared_layout(), True), ({}, False)])
def test_script_for_cluster__sets_the_sequential_mode(
    layout: Layout, is_set: bool, verify_live: Verify, use_layout: UseLayout
) -> None:
    use_layout(layout)
    run_sql("ALTER TABLE courses ALTER price SET DEFAULT 1")
    lines = repair_script(verify_live()).splitlines()
    assert ("SET citus.multi_shard_modify_mode = 'sequential';" in lines) is is_set


TRIGGER = """CREATE TRIGGER extra BEFORE UPDATE ON courses FOR EACH ROW
EXECUTE FUNCTION suppress_redundant_updates_trigger()"""


@pytest.mark.parametrize(("layout", "is_set"), [(declared_layout(), True), ({}, False)])
def test_script_that_drops_a_trigger_on_cluster__allows_unsafe_triggers(
    layout: Layout, is_set: bool, verify_live: Verify, use_layout: UseLayout
) -> None:
    use_layout(layout)
    assert ALLOWED not in repair_script(verify_live())
    run_sql(TRIGGER)
    assert (ALLOWED in repair_script(verify_live()).splitlines()) is is_set


def test_month_with_a_pending_detach_on_cluster__is_attached_on_the_coordinator(
    verify_live: Verify, use_layout: UseLayout
) -> None:
    use_layout(declared_layout())
    run_sql("SET CONSTRAINTS ALL IMMEDIATE", MONTHS, DETACH_PENDING)
    assert repair(verify_live, f"{TABLE}.{FEBRUARY}") == [ATTACHED]


FOREIGN_KEY = """ALTER TABLE django_admin_log ADD CONSTRAINT extra FOREIGN KEY (user_id)
REFERENCES users DEFERRABLE INITIALLY DEFERRED"""
DROP_KEY = 'ALTER TABLE "django_admin_log" DROP CONSTRAINT "extra";'


@pytest.mark.parametrize(
    ("layout", "repairs"), [(declared_layout(), [release(DROP_KEY)]), ({}, [DROP_KEY])]
)
def test_foreign_key_of_local_table_on_cluster__is_dropped(
    layout: Layout, repairs: list[str], verify_live: Verify, use_layout: UseLayout
) -> None:
    use_layout(layout)
    run_sql(FOREIGN_KEY)
    assert repair(verify_live, "django_admin_log.extra") == repairs


def test_table_with_another_distribution_column__is_moved_before_its_key_is_added(
    verify_live: Verify, use_layout: UseLayout
) -> None:
    use_layout({**declared_layout(), "messages": Placement("sender_id")})
    run_sql("ALTER TABLE messages DROP CONSTRAINT messages_pkey CASCADE")
    script = repair(verify_live, "messages", "messages.messages_pkey")
    assert [sql.partition(" (")[0] for sql in script[:2]] == [
        "SELECT alter_distributed_table('\"messages\"', distribution_column => "
        "'conversation_id', colocate_with => 'none');",
        'ALTER TABLE "messages" ADD CONSTRAINT "messages_pkey" PRIMARY KEY',
    ]


GENERATED = """ALTER TABLE refunds DROP reason;
ALTER TABLE refunds ADD reason text GENERATED ALWAYS AS (NULL) STORED"""


def test_column_that_became_generated_on_cluster__is_replaced_if_the_administrator_agrees(
    verify_live: Verify, use_layout: UseLayout
) -> None:
    use_layout(declared_layout())
    run_sql(GENERATED)
    assert repair(verify_live, "refunds.reason") == [
        '-- DESTRUCTIVE: ALTER TABLE "refunds" DROP COLUMN "reason";',
        '-- DESTRUCTIVE: ALTER TABLE "refunds" ADD COLUMN "reason" character varying(500) '
        "DEFAULT ''::character varying NOT NULL;",
    ]


@pytest.mark.parametrize("found", [Placement("payment_id"), Placement(other="on one server")])
def test_table_with_another_placement__is_undistributed_alone_and_distributed_again(
    found: Placement, verify_live: Verify, use_layout: UseLayout
) -> None:
    use_layout({**declared_layout(), "refunds": found})
    script = [sql.partition(" FOREIGN KEY ")[0] for sql in repair(verify_live, "refunds")]
    assert script[:8] == [
        'ALTER TABLE "refunds" DROP CONSTRAINT "refunds_payment_id_fk";',
        'ALTER TABLE "refunds" DROP CONSTRAINT "refunds_enrollment_id_fk";',
        "SELECT undistribute_table('\"refunds\"');",
        "SELECT create_reference_table('\"refunds\"');",
        "SELECT truncate_local_data_after_distributing_table('\"refunds\"');",
        'ALTER TABLE "refunds" ADD CONSTRAINT "refunds_payment_id_fk"',
        'ALTER TABLE "refunds" ADD CONSTRAINT "refunds_enrollment_id_fk"',
        'COMMENT ON TABLE "refunds"',
    ]
    assert all(sql.startswith('COMMENT ON COLUMN "refunds".') for sql in script[8:])


def test_table_outside_its_colocation_group__joins_the_tables_in_it(
    verify_live: Verify, use_layout: UseLayout
) -> None:
    alone = {
        "assignment_submissions": Placement("student_id"),
        "lesson_progress": Placement("enrollment_id"),
        "notifications": Placement("recipient_id"),
    }
    use_layout({**declared_layout(), **alone})
    assert repair(verify_live, "notifications")[0] == (
        "SELECT alter_distributed_table('\"notifications\"', distribution_column => "
        "'recipient_id', colocate_with => '\"quiz_submissions\"');"
    )
