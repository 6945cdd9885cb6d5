"""A new type for a column in the expressions of indexes and constraints."""

import pytest
from django.db.models import F, Index, Q
from django.db.models.lookups import GreaterThan

from config.postgres.field_names import named_in_expressions
from tests.support.lab import Lab
from tests.support.migrations import migrate, schema
from tests.support.verify_schema import IDENTICAL, verify_schema

MODELS = """
from django.contrib.postgres.search import SearchVector

class Item(models.Model):
    title = models.{}
    size = models.IntegerField(default=0)
    class Meta:
        indexes = [models.Index(SearchVector("title", config="english"), name="search")]
        constraints = [
            models.UniqueConstraint(
                models.functions.Coalesce("title", models.Value("")), name="one_title"
            ),
            models.CheckConstraint(condition=~models.Q(title="x") & models.Q(size=0), name="no_x"),
        ]
"""

REFERRING = """
from django.db.models.functions import Coalesce

class Item(models.Model):
    code = models.{}
    class Meta:
        indexes = [models.Index(Coalesce("pk", models.Value("")), name="key")]

class Part(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)
    of = models.ForeignKey(Item, models.CASCADE, related_name="+", db_index=False)
    class Meta:
        indexes = [models.Index(Coalesce("item_id", "of", models.Value("")), name="either")]
        constraints = [models.CheckConstraint(condition=~models.Q(item="x"), name="no_x")]
"""


def test_fields_on_both_sides_of_a_comparison__are_named_in_the_condition() -> None:
    nested = Q(GreaterThan(F("b"), F("c"))) | ~Q(d__range=(F("e"), F("f") + 1))
    assert named_in_expressions(Index("a", name="x", condition=nested)) == set("abcdef")


@pytest.mark.parametrize(
    ("models", "key"),
    [(MODELS, ""), (REFERRING, ", primary_key=True")],
    ids=["one table", "foreign keys to the table"],
)
def test_type_of_a_column_in_expressions_changed__matches_the_models_and_is_undone(
    lab: Lab, models: str, key: str
) -> None:
    lab.write_models(models.format(f"CharField(max_length=50{key})"))
    lab.migrate()
    before = schema()
    lab.write_models(models.format(f"TextField({key.strip(', ')})"))
    lab.migrate()
    assert verify_schema("-v0").verdict == IDENTICAL
    migrate("lab", "0001")
    assert schema() == before
