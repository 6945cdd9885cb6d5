"""Enum types of tables that are created without a migration."""

import shutil
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.state import ProjectState
from pytest_django import DjangoDbBlocker, Settings

from config.postgres.enums import AddEnumValue, AlterEnum, CreateEnum
from tests.rollback.helpers import GO_ON, rollback
from tests.support.lab import Lab
from tests.support.migrations import (
    applied,
    migrate,
    new_default_database,
    run_sql,
    schema,
    unapplied,
)

MODELS = """
    from django.contrib.postgres.fields import ArrayField

    class Mood(models.TextChoices):
        HAPPY = "happy"
        SAD = "sad"

    class Cover(models.Model):
        song = models.ForeignKey("Song", models.CASCADE, to_field="mood")

    class Song(models.Model):
        mood = EnumField(Mood, unique=True)
        moods = ArrayField(EnumField(Mood), default=list)
"""
TYPES = "SELECT typname FROM pg_type WHERE typtype = 'e' ORDER BY typname"


def test_app_without_migrations__its_types_created_once_and_kept(lab: Lab) -> None:
    lab.write_models(MODELS)
    shutil.rmtree(lab.package / "migrations")
    lab.reload()
    migrate("--run-syncdb")
    migrate("--run-syncdb")
    model: Any = apps.get_app_config("lab").get_model("Song")
    song = model.objects.create(mood="sad", moods=["happy"])
    song.refresh_from_db()
    assert (song.mood, song.moods) == ("sad", ["happy"])
    rollback(*GO_ON, "--no-backup")
    assert run_sql(TYPES) == [("mood",)]


def test_project_without_migrations__all_types_created(
    settings: Settings, django_db_blocker: DjangoDbBlocker
) -> None:
    settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}
    with django_db_blocker.unblock(), new_default_database():
        migrate("--run-syncdb")
        call_command("flush", interactive=False)
        assert len(run_sql(TYPES)) == 16


def test_table_that_a_test_creates__its_type_created(lab: Lab) -> None:
    lab.write_models(MODELS)
    with connection.schema_editor() as editor:
        editor.create_model(apps.get_app_config("lab").get_model("Song"))
    assert ("mood",) in run_sql(TYPES)


def test_operations_on_a_type_of_an_app_without_migrations__change_nothing(
    lab: Lab,
) -> None:
    lab.write_models(MODELS)
    with connection.schema_editor() as editor:
        editor.create_model(apps.get_app_config("lab").get_model("Song"))
    before = schema()
    without_migrations = ProjectState(real_apps={"lab"})
    operations = CreateEnum("mood", ["happy"]), AddEnumValue("mood", "sad")
    applied(without_migrations, *operations)
    assert schema() == before
    unapplied(without_migrations, *operations)
    assert schema() == before
    run_sql("ALTER TYPE mood ADD VALUE 'calm'")
    remove = AlterEnum("mood", ["happy", "sad"], ["happy", "sad", "calm"])
    applied(without_migrations, remove)
    assert schema() == before
