"""Columns that get another type, with expressions that name them."""

from tests.drift.command import IDENTICAL, verify_schema
from tests.support.lab import Lab
from tests.support.migrations import migrate, schema

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


def test_type_of_a_column_in_expressions__as_if_made_with_it_there_and_back(lab: Lab) -> None:
    lab.write_models(MODELS.format("CharField(max_length=50)"))
    lab.migrate()
    before = schema()
    lab.write_models(MODELS.format("TextField()"))
    lab.migrate()
    assert verify_schema("-v0").verdict == IDENTICAL
    migrate("lab", "0001")
    assert schema() == before
