"""migrate forwards: its plan, its records, its content types, and what it leaves to Django."""

from io import StringIO

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from tests.support.migrations import (
    dump,
    extra_migration,
    finished,
    migrate,
    new_default_database,
    planned,
    run_sql,
    schema,
)


def sqlmigrate(app_label: str, name: str, *options: str) -> str:
    output = StringIO()
    call_command("sqlmigrate", app_label, name, *options, stdout=output, no_color=True)
    return output.getvalue()


def test_empty_database__runs_the_plan_that_it_shows(empty_database: str) -> None:
    plan = planned()
    assert finished(migrate()) == plan


def test_plan_of_an_empty_database__changes_nothing(empty_database: str) -> None:
    before = schema()
    migrate("--plan")
    assert schema() == before


def test_migrated_database__has_nothing_to_do(whole_database: str) -> None:
    before = dump()
    assert migrate()[-2:] == ["Running migrations:", "  No migrations to apply."]
    assert dump() == before


def test_sql_that_sqlmigrate_shows__makes_and_removes_the_same_schema(whole_database: str) -> None:
    migrated = {line for line in schema() if "django_migrations" not in line}
    with new_default_database():
        plan = [migration.split(".") for migration in planned()]
        for app_label, name in plan:
            run_sql(sqlmigrate(app_label, name))
        assert schema() == migrated
        for app_label, name in reversed(plan):
            run_sql(sqlmigrate(app_label, name, "--backwards"))
        assert schema() == set()


def test_migrated_database__check_finds_nothing_to_apply(whole_database: str) -> None:
    migrate("--check")


def test_database_without_an_app__check_fails(whole_database: str) -> None:
    migrate("payments", "zero")
    with pytest.raises(SystemExit) as error:
        migrate("--check")
    assert error.value.code == 1


def test_migrated_database__has_a_content_type_for_each_model(whole_database: str) -> None:
    models = {(model._meta.app_label, model._meta.model_name) for model in apps.get_models()}
    assert set(ContentType.objects.values_list("app_label", "model")) == models


def test_model_deleted_by_a_migration__its_content_type_is_deleted_too(whole_database: str) -> None:
    delete = 'operations = [migrations.DeleteModel("Notification")]'
    with extra_migration("notifications", delete):
        migrate("notifications")
    assert not ContentType.objects.filter(app_label="notifications").exists()


def test_model_deleted_by_a_migration_that_is_unapplied__its_content_type_is_back(
    whole_database: str,
) -> None:
    delete = 'operations = [migrations.DeleteModel("Notification")]'
    with extra_migration("notifications", delete):
        migrate("notifications")
        migrate("notifications", "0001")
    assert ContentType.objects.filter(app_label="notifications", model="notification").exists()


def test_model_renamed_by_a_migration__keeps_its_content_type(whole_database: str) -> None:
    before = ContentType.objects.get(app_label="notifications").pk
    rename = 'operations = [migrations.RenameModel("Notification", "Notice")]'
    with extra_migration("notifications", rename):
        migrate("notifications")
    [after] = ContentType.objects.filter(app_label="notifications", pk=before)
    assert after.model == "notice"


def test_model_renamed_by_a_migration_and_unapplied_with_its_app__its_content_type_is_deleted(
    whole_database: str,
) -> None:
    rename = 'operations = [migrations.RenameModel("Notification", "Notice")]'
    with extra_migration("notifications", rename):
        migrate("notifications")
        migrate("notifications", "zero")
    assert not ContentType.objects.filter(app_label="notifications").exists()


def test_app_faked_forward__only_records_are_added(whole_database: str) -> None:
    before = dump("--schema-only")
    migrate("payments", "zero", "--fake")
    ran = [line for line in migrate("--fake") if line.endswith("FAKED")]
    assert ran == [
        "  Applying payments.0001_initial... FAKED",
        "  Applying enrollments.0002_initial... FAKED",
    ]
    assert dump("--schema-only") == before


def test_enum_type_made_by_a_migration__read_in_arrays_on_the_same_connection(
    whole_database: str,
) -> None:
    create = 'operations = [CreateEnum("mood", ["happy", "sad"])]'
    with extra_migration("users", create):
        migrate("users")
    assert run_sql("SELECT ARRAY['sad', 'happy']::mood[]") == [(["sad", "happy"],)]
