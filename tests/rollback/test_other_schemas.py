"""Tables in a schema other than the first one of the search path."""

import pytest
from django.db import connection

from tests.rollback.helpers import (
    GO_ON,
    contents,
    destroyed,
    restore,
    rollback,
    rollback_until,
    session,
)
from tests.support.lab import Lab
from tests.support.migrations import run_sql

COUNTRY = """
class Country(models.Model):
    class Meta:
        managed = False
        db_table = 'ext"."country'

class Item(models.Model):
    country = models.ForeignKey(Country, models.CASCADE)
    class Meta:
        db_table = "item"
"""
SALES = """
class Item(models.Model):
    price = models.IntegerField(null=True)
    class Meta:
        db_table = 'sales"."item'
"""


@pytest.fixture
def country(lab: Lab) -> Lab:
    """Return the app with a foreign key to ext.country, next to another table public.country."""
    run_sql("CREATE SCHEMA ext; CREATE TABLE ext.country (id bigint PRIMARY KEY)")
    run_sql("CREATE TABLE country (id bigint); INSERT INTO country VALUES (1)")
    lab.write_models(COUNTRY)
    lab.migrate()
    run_sql("INSERT INTO ext.country VALUES (1); INSERT INTO item (country_id) VALUES (1)")
    return lab


def test_foreign_key_to_another_schema__rolled_back_and_restored(country: Lab) -> None:
    before = contents()
    lines = rollback("lab", *GO_ON)
    assert "1 table: item" in destroyed(lines)
    restore(lines)
    assert contents() == before


def test_table_of_the_same_name_in_public__not_locked(country: Lab) -> None:
    with session() as other:
        other.execute("UPDATE country SET id = 2")
        lines = rollback("lab", *GO_ON, "--no-backup")
    assert lines[-1].startswith("Rolled back lab. ")


def test_foreign_key_to_a_table_that_cannot_be_locked__rolled_back(country: Lab) -> None:
    """The owner of ext.country has granted no more than a foreign key needs."""
    role = "pg_database_owner"
    for (table,) in run_sql(
        "SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND oid > 16384"
        " AND relnamespace = 'public'::regnamespace"
    ):
        run_sql(f"ALTER TABLE {table} OWNER TO {role}")
    run_sql(f"GRANT USAGE ON SCHEMA ext TO {role}; GRANT REFERENCES ON ext.country TO {role}")
    options = connection.settings_dict["OPTIONS"]
    connection.settings_dict["OPTIONS"] = options | {"assume_role": role}
    connection.close()
    lines = rollback("lab", *GO_ON, "--no-backup")
    assert lines[-1].startswith("Rolled back lab. ")


def test_managed_table_in_another_schema__named_and_locked(lab: Lab) -> None:
    run_sql("CREATE SCHEMA sales; CREATE TABLE item (id int)")
    lab.write_models(SALES)
    lab.migrate()
    run_sql("INSERT INTO sales.item (price) VALUES (1), (2)")
    written = []

    def write() -> None:
        with session() as other:
            other.execute("SET lock_timeout = 100")
            other.execute("INSERT INTO item VALUES (1)")
            written.append("public.item")

    lines = rollback_until("Backup: ", write, "lab", *GO_ON)
    assert "1 table: sales.item" in destroyed(lines)
    assert any(line.startswith("  2 rows in 1 table, ") for line in lines)
    assert written == ["public.item"]
    assert run_sql("SELECT to_regclass('sales.item'), id FROM item") == [(None, 1)]


def test_tables_in_public_and_a_schema_with_a_blank__both_restored(lab: Lab) -> None:
    run_sql('CREATE SCHEMA "Sales 1"')
    lab.write_models(SALES.replace("sales", "Sales 1") + "class Other(models.Model):\n    pass\n")
    lab.migrate()
    run_sql('INSERT INTO "Sales 1".item (price) VALUES (7); INSERT INTO lab_other VALUES (3)')
    lines = rollback("lab", *GO_ON)
    restore(lines)
    assert run_sql('SELECT price, o.id FROM "Sales 1".item, lab_other AS o') == [(7, 3)]


def test_table_that_a_rollback_creates_in_a_schema_with_a_blank__dropped_by_the_restore(
    lab: Lab,
) -> None:
    run_sql('CREATE SCHEMA "Sales 1"')
    lab.write_models(SALES.replace("sales", "Sales 1") + "class Other(models.Model):\n    pass\n")
    lab.migrate()
    lab.write_models("class More(models.Model):\n    pass\n")
    lab.migrate()
    lines = rollback("--to", "lab.0001", *GO_ON)
    restore(lines)
    assert run_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'Sales 1'") == []
