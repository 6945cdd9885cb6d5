"""migrate on a table that a model names with its schema."""

import pytest
from django.core.management.base import CommandError

from tests.support.lab import Lab
from tests.support.migrations import finished, migrate, run_sql

MODELS = """
    class Item(models.Model):
        name = models.TextField()

        class Meta:
            db_table = 'sales"."item'
            indexes = [models.Index("name", name="item_name_idx")]
"""
ADD_INDEX = 'AddIndexConcurrently("item", models.Index(models.F("name"), name="late_idx")),'


def test_table_that_exists_in_another_schema__refused_before_anything_ran(lab: Lab) -> None:
    run_sql("CREATE SCHEMA sales; CREATE TABLE sales.item ()")
    lab.write_models(MODELS)
    with pytest.raises(CommandError) as error:
        lab.migrate()
    assert str(error.value).startswith("Cannot create table 'sales\".\"item': database ")


def test_index_built_concurrently_in_another_schema__not_built_again(lab: Lab) -> None:
    run_sql("CREATE SCHEMA sales; CREATE TABLE item (name text)")
    lab.write_models(MODELS)
    lab.migrate()
    lab.write_migration("0002_late", ADD_INDEX)
    path = lab.package / "migrations" / "0002_late.py"
    path.write_text(
        path.read_text()
        .replace(
            "class Migration", "from django.contrib.postgres.operations import *\nclass Migration"
        )
        .replace("    operations", "    atomic = False\n    operations")
    )
    lab.reload()
    migrate("lab")
    found = run_sql("SELECT 'sales.late_idx'::regclass::oid")
    migrate("lab", "0001", "--fake")
    assert finished(migrate("lab")) == ["lab.0002_late"]
    assert run_sql("SELECT 'sales.late_idx'::regclass::oid") == found
