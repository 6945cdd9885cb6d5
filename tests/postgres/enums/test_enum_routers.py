"""Enum types on two databases, with routers that decide which models each database has."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from tests.support.databases import Database, new_database
from tests.support.lab import Lab
from tests.support.migrations import migrate, run_sql
from tests.support.verify_schema import IDENTICAL, verify_schema

TYPES = """
    SELECT typname, array_agg(enumlabel::text ORDER BY enumsortorder)
      FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid
     WHERE typname IN ('mood', 'feeling', 'tone') GROUP BY 1 ORDER BY 1
"""


class ByName:
    """A router that keeps the models "far" and "gone" on the other database."""

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        if app_label != "lab":
            return None
        return (model_name in ("far", "gone")) == (db != "default")


class ByHints:
    """A router that keeps table "lab_far" on the other database."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        if app_label != "lab" or "model" not in hints:
            return None
        return bool(hints["model"]._meta.db_table == "lab_far") == (db != "default")


@pytest.fixture
def other(few_apps: str, lab: Lab, settings: Settings) -> Iterator[Database]:
    settings.DATABASE_ROUTERS = [ByName()]
    with new_database(few_apps) as database:
        yield database


def types(other: Database) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the labels of each type in database "default" and in `other`."""
    return dict(run_sql(TYPES)), dict(other.query(TYPES))


def migrate_both(other: Database, *arguments: str) -> None:
    migrate("lab", *arguments)
    migrate("lab", *arguments, f"--database={other.alias}")


MODELS = """
    from django.contrib.postgres.fields import ArrayField

    class Mood(models.TextChoices):
        HAPPY = "happy"
        SAD = "sad"

    class {}(models.Model):
        mood = EnumField(Mood)
"""


@pytest.mark.parametrize("router", [ByName, ByHints])
def test_type_of_a_model_that_a_router_keeps_on_one_database__created_only_there(
    other: Database, lab: Lab, settings: Settings, router: type
) -> None:
    settings.DATABASE_ROUTERS = [router()]
    lab.write_models(MODELS.format("Far"))
    lab.make_migrations()
    migrate_both(other)
    assert types(other) == ({}, {"mood": ["happy", "sad"]})
    assert (verify_schema().verdict, other.verify().verdict) == (IDENTICAL, IDENTICAL)
    migrate_both(other, "zero")
    assert types(other) == ({}, {})


def test_type_name_taken_on_the_other_database__not_refused_on_this_one(
    other: Database, lab: Lab
) -> None:
    run_sql("CREATE TYPE mood AS ENUM ('theirs')")
    lab.write_models(MODELS.format("Far"))
    lab.make_migrations()
    migrate_both(other)
    migrate_both(other, "zero")
    assert types(other) == ({"mood": ["theirs"]}, {})


def test_changes_of_a_type_that_one_database_lacks__applied_only_on_the_other(
    other: Database, lab: Lab
) -> None:
    lab.write_models(MODELS.format("Far"))
    lab.make_migrations()
    for operation in CHANGES:
        lab.write_migration(f"000{len(lab.migrations) + 1}_change", f"{operation},")
    migrate_both(other)
    assert types(other) == ({}, {"feeling": ["calm", "blue"]})
    migrate_both(other, "0001")
    assert types(other) == ({}, {"mood": ["happy", "sad"]})


CHANGES = [
    "AddEnumValue('mood', 'calm', after='happy')",
    "RenameEnumValue('mood', 'sad', 'blue')",
    "RenameEnum('mood', 'feeling')",
    "AlterEnum('feeling', ['calm', 'blue'], ['happy', 'calm', 'blue'])",
    "CreateEnum('tone', ['low'])",
    "DropEnum('tone', ['low'])",
]


FAR = """
    class Far(models.Model):
        moods = ArrayField(EnumField(Mood), default=list)
"""


def test_type_that_a_model_on_another_database_uses_later__created_there_with_the_latest_labels(
    other: Database, lab: Lab
) -> None:
    lab.write_models(MODELS.format("Near"))
    lab.make_migrations()
    migrate_both(other)
    assert types(other) == ({"mood": ["happy", "sad"]}, {})
    lab.write_models(MODELS.format("Near").replace('SAD = "sad"', 'BLUE = "blue"') + FAR)
    lab.make_migrations()
    migrate_both(other)
    assert types(other) == ({"mood": ["happy", "blue"]}, {"mood": ["happy", "blue"]})
    assert (verify_schema().verdict, other.verify().verdict) == (IDENTICAL, IDENTICAL)
    migrate_both(other, "zero")
    assert types(other) == ({}, {})
    migrate_both(other)
    assert types(other) == ({"mood": ["happy", "blue"]}, {"mood": ["happy", "blue"]})


def test_type_of_a_deleted_model__created_and_dropped_on_its_database(
    other: Database, lab: Lab
) -> None:
    lab.write_models(MODELS.format("Gone"))
    lab.make_migrations()
    lab.write_models("")
    lab.make_migrations()
    migrate_both(other, "0001")
    assert types(other) == ({}, {"mood": ["happy", "sad"]})
    migrate_both(other)
    assert types(other) == ({}, {})
    migrate_both(other, "0001")
    assert types(other) == ({}, {"mood": ["happy", "sad"]})


def test_type_without_a_model__created_where_its_app_is_allowed(other: Database, lab: Lab) -> None:
    lab.write_migration("0001_initial", "CreateEnum('mood', ['happy']),")
    migrate_both(other)
    assert types(other) == ({"mood": ["happy"]}, {})
