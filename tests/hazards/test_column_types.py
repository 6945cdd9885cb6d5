"""Changes of a column's type, some of which make PostgreSQL rewrite the table."""

import pytest
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AlterField

from config.postgres.enums.field import EnumField
from tests.hazards.music import MOODS, before, codes, find_in, migration
from tests.hazards.test_rules import alter
from tests.support.databases import Database

NODES = """
    SELECT relname, pg_relation_filenode(oid) FROM pg_class
     WHERE oid = 'music_album'::regclass ORDER BY 1
"""


def price(digits: int | None, places: int | None) -> models.DecimalField:  # type: ignore[type-arg]
    return models.DecimalField(max_digits=digits, decimal_places=places)


@pytest.mark.parametrize(
    "operation",
    [
        alter("subtitle", models.CharField(max_length=49, null=True)),
        alter("subtitle", models.CharField(max_length=51, null=True)),
        alter("subtitle", models.CharField(null=True)),
        alter("subtitle", models.TextField(null=True)),
        alter("subtitle", models.CharField(max_length=50, null=True, db_comment="Under it")),
        alter("title", models.CharField(max_length=60)),
        alter("title", models.TextField()),
        alter("notes", models.CharField(db_default="")),
        alter("notes", models.CharField(max_length=90, db_default="")),
        alter("price", price(9, 2)),
        alter("price", price(7, 2)),
        alter("price", price(9, 3)),
        alter("price", price(None, None)),
        alter("price", models.FloatField()),
        alter("rating", models.BigIntegerField(null=True)),
        alter("rating", models.SmallIntegerField(null=True)),
        alter("rating", models.TextField(null=True)),
        alter("mood", models.TextField(db_default="sad")),
        alter("mood", EnumField(type_name="mood", labels=MOODS, db_default="happy")),
    ],
    ids=lambda operation: f"{operation.name} {operation.field.deconstruct()[1:]}",
)
def test_changed_type__has_a_hazard_exactly_if_postgresql_rewrites_the_table(
    tables: BaseDatabaseWrapper, blank_database: Database, operation: AlterField
) -> None:
    nodes = blank_database.query(NODES)
    is_dangerous = "changing-column-type" in codes(find_in(tables, operation))
    with tables.schema_editor() as editor:
        migration(operation).apply(before(), editor)
    assert (blank_database.query(NODES) != nodes) == is_dangerous
