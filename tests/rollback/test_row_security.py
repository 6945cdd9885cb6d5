"""Policies that hide rows from an owner without superuser rights: refused with a message."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.rollback.helpers import GO_ON, refusal
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql

ITEM = """
class Item(models.Model):
    price = models.IntegerField(null=True)
    class Meta:
        db_table = "item"
"""
OWNER = "pg_database_owner"  # a role on every server that is not a superuser
HIDE = """
    ALTER TABLE item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY dear ON item USING (price > 200)
"""


@pytest.fixture
def owned(lab: Lab) -> Lab:
    """Return the app, connected as the owner of table item; a policy hides 200 of its 300 rows."""
    lab.write_models(ITEM)
    lab.migrate()
    run_sql("INSERT INTO item (price) SELECT n FROM generate_series(1, 300) AS n")
    for (table,) in run_sql(
        "SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND oid > 16384"
    ):
        run_sql(f"ALTER TABLE {table} OWNER TO {OWNER}")
    for (name,) in run_sql("SELECT oid::regtype FROM pg_type WHERE typtype = 'e' AND oid > 16384"):
        run_sql(f"ALTER TYPE {name} OWNER TO {OWNER}")
    run_sql(HIDE)
    connection.settings_dict["OPTIONS"] = connection.settings_dict["OPTIONS"] | {
        "assume_role": OWNER
    }
    connection.close()
    return lab


def test_rows_that_a_policy_hides__not_counted_in_part(owned: Lab) -> None:
    assert refusal("lab", *GO_ON) == (
        "Rows cannot be counted: query would be affected by row-level security policy for table "
        '"item". Nothing was changed. To disable the policy for the table\'s owner, use ALTER '
        "TABLE NO FORCE ROW LEVEL SECURITY. Or use another role."
    )


@pytest.mark.parametrize(
    "statement", ["DELETE FROM item", "UPDATE item SET price = 0 WHERE price = 1"]
)
def test_rows_that_a_policy_hides_from_reverse_sql__refused(owned: Lab, statement: str) -> None:
    owned.write_migration("0002_x", f"migrations.RunSQL('SELECT 1', '{statement}'),")
    migrate("lab")
    assert refusal("--to", "lab.0001", *GO_ON) == (
        "Cannot unapply lab.0002_x: undoing 'Raw SQL operation' fails: query would be affected "
        'by row-level security policy for table "item". Nothing was changed. To disable the policy '
        "for the table's owner, use ALTER TABLE NO FORCE ROW LEVEL SECURITY."
    )


def test_rows_that_a_policy_hides__their_label_is_not_removed(owned: Lab) -> None:
    owned.write_migration("0002_enum", "CreateEnum('mood', ['sad']),")
    owned.write_migration("0003_label", "AddEnumValue('mood', 'happy'),")
    migrate("lab")
    run_sql("ALTER TABLE item ADD COLUMN mood mood")
    run_sql("ALTER TABLE item NO FORCE ROW LEVEL SECURITY")
    run_sql("UPDATE item SET mood = 'happy' WHERE price = 1")
    run_sql("ALTER TABLE item FORCE ROW LEVEL SECURITY")
    for go_back in (("rollback", "--to", "lab.0002", *GO_ON), ("migrate", "lab", "0002")):
        with pytest.raises(CommandError) as refused:
            call_command(*go_back, verbosity=0)
        assert str(refused.value).startswith("Rows cannot be counted: query would be affected ")
