"""A platform on a cluster: distributed, used, changed, and moved back to one server."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlparse
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.processes import manage, printed, refusal, shell


@pytest.fixture(scope="module")
def plan(cluster: str) -> str:
    """Return the plan of an empty platform."""
    return printed(manage("distribute", "--plan", DATABASE_URL=cluster))


@pytest.fixture(scope="module")
def distributed(cluster: str, plan: str) -> str:
    """Return the URL of a distributed database with rows in every table."""
    printed(manage("seed_demo", "--scale=30", "--verbosity=0", DATABASE_URL=cluster))
    with psycopg.connect(cluster, autocommit=True) as session:
        session.execute("COMMENT ON CONSTRAINT messages_parent_message_id_fk ON messages IS 'x'")
    printed(manage("distribute", "--noinput", "--verbosity=0", DATABASE_URL=cluster))
    return cluster


def query(url: str, sql: Any) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as session:
        return session.execute(sql).fetchall()


def change(url: str, *statements: Any) -> None:
    with psycopg.connect(url, autocommit=True) as session:
        for sql in statements:
            session.execute(sql)


def repair(url: str) -> None:
    """Run the script of verify_schema."""
    script = manage("verify_schema", "--sql", DATABASE_URL=url).stdout
    change(url, *(statement.encode() for statement in sqlparse.split(script)))


def test_plan__names_rows_and_keys(plan: str) -> None:
    assert "24 tables to place: 0 rows, " in plan
    assert '  messages: messages_pkey PRIMARY KEY ("conversation_id", id)\n' in plan
    assert "messages_parent_message_id_fk FOREIGN KEY (parent_message_id) REFERENCES" in plan


def test_distribute_again__has_nothing_to_do(distributed: str) -> None:
    output = printed(manage("distribute", "--noinput", DATABASE_URL=distributed))
    assert output == "Nothing to do. Each table is placed as its model declares."


def test_distributed_tables__are_seven_in_four_groups(distributed: str) -> None:
    assert query(
        distributed,
        "SELECT count(*), count(DISTINCT colocationid) FROM pg_dist_partition"
        " JOIN pg_class ON oid = logicalrelid WHERE partmethod = 'h' AND NOT relispartition",
    ) == [(7, 4)]


@pytest.fixture
def down(distributed: str) -> Iterator[str]:
    """Register a worker with a wrong port, so that it is unreachable, and return its name."""
    [(server, host, port)] = query(
        distributed, "SELECT nodeid, nodename, nodeport FROM pg_dist_node ORDER BY 1 DESC LIMIT 1"
    )
    moved = f"UPDATE pg_dist_node SET nodeport = {{}} WHERE nodeid = {server}"
    change(distributed, moved.format(1))
    yield f"{host}:1"
    change(distributed, moved.format(port))


def test_distribute_with_a_server_down__fails_in_one_line(distributed: str, down: str) -> None:
    assert refusal(manage("distribute", "--noinput", DATABASE_URL=distributed)) == (
        f"CommandError: Server {down} of the cluster cannot be reached. Nothing was changed. "
        "Start it, or correct its address with citus_update_node()."
    )


def test_verify_schema_with_a_server_down__names_it_and_the_next_step(
    distributed: str, down: str
) -> None:
    output = printed(manage("verify_schema", "--format=json", DATABASE_URL=distributed))
    assert [(item["code"], item["message"]) for item in json.loads(output)["advice"]] == [
        (
            "VA00",
            f"Not all advice could be read: connection to the remote node postgres@{down} failed "
            "with the following error: Connection refused. Start that server of the cluster, or "
            "see its log.",
        ),
        (
            "VA11",
            f"Server {down} of the cluster could not be compared: failed to connect to {down}. "
            "Start it, or see its log.",
        ),
    ]


def test_verify_schema__expects_the_layout(distributed: str) -> None:
    output = printed(manage("verify_schema", "--verbosity=0", DATABASE_URL=distributed))
    assert output == "Identical: the live schema agrees with the models."


def test_verify_schema__finds_a_table_outside_its_colocation_group(distributed: str) -> None:
    move = "SELECT update_distributed_table_colocation('notifications', colocate_with => {!r})"
    change(distributed, move.format("none"))
    found = manage("verify_schema", "notifications", "--sql", DATABASE_URL=distributed)
    change(distributed, move.format("lesson_progress"))
    assert found.returncode == 1
    assert "SELECT alter_distributed_table('\"notifications\"', " in found.stdout


ON_SHARDS = "SELECT * FROM run_command_on_shards('notifications', 'ALTER TABLE %s ALTER title {}')"


def test_change_of_shards_alone__is_advice(distributed: str) -> None:
    changed = query(distributed, ON_SHARDS.format("SET DEFAULT 1"))
    output = printed(manage("verify_schema", "notifications", DATABASE_URL=distributed))
    change(distributed, ON_SHARDS.format("DROP DEFAULT"))
    assert output.count("  VA11      Shard notifications_") == len(changed) > 1


ONE_SERVER = "SET citus.enable_ddl_propagation = off"
CHANGE_SEARCH_PATH = "ALTER DATABASE {} {} search_path"
"""A statement that changes how PostgreSQL prints the names of tables and types."""


@pytest.fixture
def worker(distributed: str) -> str:
    """Return the URL of the database on a worker."""
    [(there,)] = query(
        distributed,
        "SELECT format('host=%s port=%s', nodename, nodeport) FROM pg_dist_node"
        " WHERE groupid > 0 LIMIT 1",
    )
    return make_conninfo(distributed, **conninfo_to_dict(there))


def test_setting_of_one_server__is_no_advice(distributed: str, worker: str) -> None:
    database = distributed.rpartition("/")[2]
    change(worker, ONE_SERVER, CHANGE_SEARCH_PATH.format(database, "SET") + " = citus")
    output = printed(manage("verify_schema", "notifications", DATABASE_URL=distributed))
    change(worker, ONE_SERVER, CHANGE_SEARCH_PATH.format(database, "RESET"))
    assert "VA11" not in output


RELABEL = "ALTER TYPE payment_status RENAME VALUE '{}' TO '{}'"
REGISTER = "UPDATE pg_dist_node SET isactive = {} WHERE groupid = 0"


def test_change_on_a_worker__is_advice_even_if_the_coordinator_is_not_registered(
    distributed: str, worker: str
) -> None:
    change(worker, ONE_SERVER, RELABEL.format("failed", "other"))
    change(distributed, REGISTER.format(False))
    output = printed(manage("verify_schema", "notifications", DATABASE_URL=distributed))
    change(distributed, REGISTER.format(True))
    change(worker, ONE_SERVER, RELABEL.format("other", "failed"))
    assert output.count("  VA11      Enum type payment_status on server ") == 1


def test_type_that_only_the_coordinator_uses__is_no_advice(distributed: str) -> None:
    change(distributed, ONE_SERVER, "CREATE TYPE own AS ENUM ('a')")
    output = printed(manage("verify_schema", "notifications", DATABASE_URL=distributed))
    change(distributed, "DROP TYPE own")
    assert "VA11" not in output


MOVE_TO_ONE_SERVER = (
    "ALTER TABLE refunds DROP CONSTRAINT refunds_payment_id_fk",
    "ALTER TABLE refunds DROP CONSTRAINT refunds_enrollment_id_fk",
    "SELECT undistribute_table('refunds')",
    "SELECT create_distributed_table('refunds', NULL)",
)
"""Statements that move a table to one server, as a table that Citus manages."""


def test_distribute_with_a_table_on_one_server__is_one_line(distributed: str) -> None:
    change(distributed, *MOVE_TO_ONE_SERVER)
    assert refusal(manage("distribute", "--noinput", DATABASE_URL=distributed)) == (
        "CommandError: Table refunds is on one server, but its model declares that it is on every "
        "server. Nothing was changed. First run the statements that manage.py verify_schema --sql "
        "prints, or manage.py distribute --undo."
    )
    repair(distributed)
    printed(manage("verify_schema", "--verbosity=0", DATABASE_URL=distributed))


DRIFTS = (
    "ALTER INDEX messages_pkey RENAME TO extra",
    "ALTER TABLE courses DROP CONSTRAINT courses_enrollment_count_check",
    "ALTER TABLE courses ADD CONSTRAINT extra CHECK (enrollment_count >= 0)",
    "ALTER TABLE notifications DROP CONSTRAINT notifications_recipient_id_fk",
    "SELECT undistribute_table('notifications')",
    "SELECT create_reference_table('notifications')",
    "SELECT alter_distributed_table('quiz_submissions', shard_count => 4,"
    " cascade_to_colocated => false)",
    "SET citus.enable_unsafe_triggers = on",
    "CREATE TRIGGER extra BEFORE UPDATE ON courses FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "RESET citus.enable_unsafe_triggers",
)


def test_drift__is_repaired_by_the_script(distributed: str) -> None:
    change(distributed, *DRIFTS)
    repair(distributed)
    # The coordinator has no old copies of the rows that Citus has moved.
    assert query(distributed, "SELECT pg_relation_size('notifications')") == [(0,)]
    output = printed(manage("verify_schema", "--verbosity=0", DATABASE_URL=distributed))
    assert output == "Identical: the live schema agrees with the models."


LOCK_EACH_ROW = """
from django.db import transaction
from config.project import own_apps

rows = (model.objects.first() for app in own_apps() for model in app.get_models())
for row in filter(None, rows):
    model, key = type(row), row.pk
    with transaction.atomic():
        assert model.objects.select_for_update().get(pk=key) == row
        locked = model.objects.filter(pk=key).select_for_update(skip_locked=True)
        assert list(locked[:2]) == [row] == list(locked.iterator())
        assert list(locked.values_list("pk", flat=True)) == [key]
        assert locked.exists()
        row.save()
        row.refresh_from_db()
        row.delete()
        transaction.set_rollback(True)
"""


def test_rows_of_every_table__are_saved_locked_and_deleted(distributed: str) -> None:
    assert printed(shell(LOCK_EACH_ROW, DATABASE_URL=distributed)) == ""


SAVE_WITH_OTHER_RECIPIENT = """
from notifications.models import Notification
from users.models import User

row = Notification.objects.first()
row.recipient = User.objects.exclude(pk=row.recipient_id).first()
try:
    row.save()
except Exception as error:
    print(str(error).replace(str(row.pk), "KEY"))
"""


def test_save_of_a_changed_distribution_column__is_one_line(distributed: str) -> None:
    assert printed(shell(SAVE_WITH_OTHER_RECIPIENT, DATABASE_URL=distributed)) == (
        "Column recipient_id of notifications determines the server of a row, so it cannot be "
        "changed. Delete the row KEY, and create another row."
    )


LOCKED_WITH_SPREAD_ROWS = """
from django.db import transaction
from django.db.models import Exists, OuterRef
from notifications.models import Notification
from users.models import User

theirs = Notification.objects.filter(recipient=OuterRef("pk"))
try:
    with transaction.atomic():
        list(User.objects.filter(Exists(theirs)).select_for_update())
except Exception as error:
    print(error)
"""


def test_lock_by_a_query_of_distributed_rows__is_one_line(distributed: str) -> None:
    assert printed(shell(LOCKED_WITH_SPREAD_ROWS, DATABASE_URL=distributed)) == (
        "Rows of users cannot be locked by a query that also reads a table whose rows are "
        "distributed over the cluster. Read the keys of the rows first, and lock the rows by key."
    )


REORDERED_TWICE = """
from django.db import connection

for enum in ("course_status", "grading_status"):
    for _ in range(2):
        with connection.schema_editor() as editor:
            editor.change_enum_labels(enum, lambda labels: labels[::-1])
"""
"""A program that changes types of columns with checks, in a reference and a distributed table."""


def test_labels_of_enum_types__are_reordered_forwards_and_backwards(distributed: str) -> None:
    assert printed(shell(REORDERED_TWICE, DATABASE_URL=distributed)) == ""
    printed(manage("verify_schema", "--verbosity=0", DATABASE_URL=distributed))


def test_rollback_and_migrate__distributes_the_tables_again(distributed: str) -> None:
    options = ("--noinput", "--yes-destroy-data", "--no-backup", "--verbosity=0")
    printed(manage("rollback", "communication", *options, DATABASE_URL=distributed))
    printed(manage("migrate", "--verbosity=0", DATABASE_URL=distributed))
    printed(manage("verify_schema", "--verbosity=0", DATABASE_URL=distributed))


def test_restore__brings_all_rows_to_the_coordinator(distributed: str, tmp_path: Path) -> None:
    rows = query(distributed, "SELECT count(*) FROM notifications")
    options = ("--noinput", "--yes-destroy-data")
    directory = f"--backup-dir={tmp_path}"
    printed(manage("rollback", "notifications", *options, directory, DATABASE_URL=distributed))
    [backup] = tmp_path.glob("*.dump")
    output = printed(manage("rollback", "--restore", backup, *options, DATABASE_URL=distributed))
    assert output.endswith("\nThey are on the coordinator. Run manage.py distribute to place them.")
    assert query(distributed, "SELECT count(*) FROM pg_dist_partition") == [(0,)]
    printed(manage("distribute", "--noinput", "--verbosity=0", DATABASE_URL=distributed))
    assert query(distributed, "SELECT count(*) FROM notifications") == rows != [(0,)]


def test_partitions__shows_the_rows_of_all_servers(distributed: str) -> None:
    change(distributed, "ANALYZE analytics_events")
    output = printed(manage("partitions", DATABASE_URL=distributed))
    shown = sum(map(int, re.findall(r"_\d{4}_\d\d +(\d+) rows", output)))
    assert query(distributed, "SELECT count(*) FROM analytics_events") == [(shown,)] != [(0,)]


def test_partitions__archives_old_months(distributed: str, tmp_path: Path) -> None:
    old = "SELECT count(*) FROM analytics_events WHERE timestamp < now() - interval '16 months'"
    assert query(distributed, old) != [(0,)]
    options = ("--keep=15", f"--archive={tmp_path}", "--noinput", "--yes-destroy-data")
    output = printed(manage("partitions", *options, DATABASE_URL=distributed))
    assert output.count("\nArchived ") == len(list(tmp_path.iterdir())) > 1
    assert query(distributed, old) == [(0,)]


ADD_FOREIGN_KEY = """ALTER TABLE django_admin_log ADD CONSTRAINT extra FOREIGN KEY (user_id)
REFERENCES users DEFERRABLE INITIALLY DEFERRED"""
"""A foreign key that makes Citus manage Django's own tables and reset their sequences."""
COUNT_MANAGED = "SELECT count(*) FROM pg_dist_partition WHERE partmethod = 'n' AND repmodel <> 't'"
INSERT_NEXT = """INSERT INTO django_content_type (app_label, model) VALUES ('a', 'a')
RETURNING id = (SELECT max(id) + 1 FROM django_content_type)"""


@pytest.fixture
def managed(distributed: str) -> Iterator[str]:
    """Let Citus manage Django's tables."""
    change(distributed, ADD_FOREIGN_KEY)
    yield distributed
    change(
        distributed,
        "DELETE FROM django_content_type WHERE model = 'a'",
        "DROP TABLE IF EXISTS numbered",
    )


def test_distribute__lets_citus_give_up_the_tables_of_django(managed: str) -> None:
    output = printed(manage("distribute", "--noinput", DATABASE_URL=managed))
    assert "\n\nEach table is placed as its model declares.\n\nForeign keys that " in output
    assert output.endswith(
        "\nEach table is placed as its model declares. The schema agrees with the models."
    )
    assert query(managed, COUNT_MANAGED) == [(0,)]
    assert query(managed, INSERT_NEXT) == [(True,)]


def test_repair_of_a_key_of_django__lets_citus_give_up_its_tables(managed: str) -> None:
    repair(managed)
    assert query(managed, COUNT_MANAGED) == [(0,)]
    assert query(managed, INSERT_NEXT) == [(True,)]


CREATE_NUMBERED = (
    "CREATE TABLE extra (id int GENERATED ALWAYS AS IDENTITY (INCREMENT 10))",
    "SELECT citus_add_local_table_to_metadata('extra')",
    "ALTER TABLE extra RENAME TO numbered",
    "INSERT INTO numbered DEFAULT VALUES",
    "DELETE FROM numbered",
)
"""Statements that let Citus manage a new table without a model."""


def test_repair_of_a_key_of_django__keeps_the_numbers_of_another_table(managed: str) -> None:
    change(managed, *CREATE_NUMBERED)
    repair(managed)
    assert query(managed, "INSERT INTO numbered DEFAULT VALUES RETURNING id") == [(11,)]


DROP_FOREIGN_KEY = "ALTER TABLE analytics_events DROP CONSTRAINT analytics_events_user_id_fk"
"""A statement that leaves the schema as an interrupted run of `distribute` does."""


def test_plan_after_an_interrupted_run__names_the_key_to_add(distributed: str) -> None:
    change(distributed, DROP_FOREIGN_KEY)
    output = printed(manage("distribute", "--plan", DATABASE_URL=distributed))
    assert '\nLeft to do from an earlier run:\n  ALTER TABLE "analytics_events" ADD ' in output


MISSING_KEY = "00000000-0000-4000-8000-000000000000"
"""A key that no message has; on a cluster, no foreign key refuses a reference to it."""


def test_undo__restores_the_schema_of_one_server_and_keeps_tables_of_others(managed: str) -> None:
    rows = query(managed, "SELECT count(*) FROM analytics_events")
    change(managed, f"UPDATE messages SET parent_message_id = '{MISSING_KEY}'", *CREATE_NUMBERED)
    variables = {"DATABASE_URL": managed, "VERIFY_SCHEMA_IGNORE": "numbered"}
    output = printed(manage("distribute", "--undo", "--noinput", **variables))
    assert re.search(r"analytics_events +[0-9,]+ rows, [1-9]", output)
    assert query(managed, "SELECT logicalrelid::text FROM pg_dist_partition") == [("numbered",)]
    assert query(managed, "SELECT count(*) FROM analytics_events") == rows
    assert query(managed, "SELECT count(parent_message_id) FROM messages") == [(0,)]
    printed(manage("distribute", "--noinput", "--verbosity=0", **variables))
