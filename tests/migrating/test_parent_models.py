"""Refused renames and other changes of a parent model."""

import pytest
from django.core.management.base import CommandError

from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql, schema

MODELS = """
class Place(models.Model):
    name = models.TextField(default="")

class Cafe(Place):
    {}
"""
CHILDREN = {"with a table": "seats = models.IntegerField()", "proxy": "class Meta: proxy = True"}
FAMILY = """
class Place(models.Model):
    name = models.TextField(default="")

class Stop(Place): ...

class Zoo(Stop):
    seats = models.IntegerField()
    class Meta:
        indexes = [models.Index(fields=["seats"], name="zoo_seats")]
        constraints = [models.UniqueConstraint(fields=["seats", "stop_ptr"], name="zoo_unique")]

class Keeper(models.Model):
    work = models.ForeignKey(Stop, models.CASCADE)
    badge = models.IntegerField()
    class Meta: unique_together = [("work", "badge")]
"""
REFUSAL = (
    "Cannot rename model lab.Place to Spot: lab.Cafe inherits from it, and Django's migrations "
    "cannot rename such a model. Nothing was changed. Keep the name and change verbose_name; "
    "or create a new model, move the rows, and delete the old one."
)


@pytest.fixture(params=[*CHILDREN.values()], ids=[*CHILDREN])
def places(request: pytest.FixtureRequest, lab: Lab) -> Lab:
    lab.write_models(MODELS.format(request.param))
    lab.make_migrations()
    return lab


def test_parent_renamed__refused_before_a_migration_is_written(places: Lab) -> None:
    source = (places.package / "models.py").read_text()
    (places.package / "models.py").write_text(source.replace("Place", "Spot"))
    places.reload()
    with pytest.raises(CommandError) as error:
        places.make_migrations()
    assert str(error.value) == REFUSAL
    assert places.migrations == ["0001_initial"]


@pytest.mark.parametrize("applied_first", [True, False])
def test_migration_that_renames_a_parent__refused_before_anything_runs(
    places: Lab, applied_first: bool
) -> None:
    if applied_first:
        migrate("lab")
    places.write_migration("0002_rename", 'migrations.RenameModel("Place", "Spot"),')
    with pytest.raises(CommandError) as error:
        migrate("lab")
    assert str(error.value) == REFUSAL
    assert bool(run_sql("SELECT to_regclass('lab_place')")[0][0]) is applied_first


@pytest.mark.parametrize(
    "models",
    [MODELS.format("seats = models.IntegerField()").replace("Cafe", "Zoo"), FAMILY],
    ids=["two", "with keys"],
)
def test_parent_and_child_deleted_together__migrated_forwards_and_backwards(
    lab: Lab, models: str
) -> None:
    lab.write_models(models)
    lab.migrate()
    before = schema()
    lab.write_models("")
    lab.migrate()
    assert run_sql("SELECT to_regclass('lab_place'), to_regclass('lab_zoo')") == [(None, None)]
    migrate("lab", "0001")
    assert schema() == before
