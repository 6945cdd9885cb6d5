"""migrate forwards: plan, records and content types."""

from io import StringIO

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.test import override_settings

from tests.support.databases import new_database
from tests.support.few_apps import FEW_APPS
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


@override_settings(INSTALLED_APPS=FEW_APPS)
def test_plan_of_an_empty_database__changes_nothing_and_agrees_with_the_run(
    empty_database: str,
) -> None:
    plan = planned()
    assert schema() == set()
    assert finished(migrate()) == plan


def test_migrated_database__has_nothing_to_do_until_there_is_a_migration(
    migrated_database: str,
) -> None:
    before = dump()
    assert migrate()[-2:] == ["Running migrations:", "  No migrations to apply."]
    migrate("--check")
    assert dump() == before
    with extra_migration("notifications", "operations = []"), pytest.raises(SystemExit) as error:
        migrate("--check")
    assert error.value.code == 1


def test_sql_that_sqlmigrate_shows__creates_and_removes_the_same_schema(
    migrated_database: str,
) -> None:
    migrated = {line for line in schema() if "django_migrations" not in line}
    with new_default_database():
        plan = [migration.split(".") for migration in planned()]
        for app_label, name in plan:
            run_sql(sqlmigrate(app_label, name))
        assert schema() == migrated
        for app_label, name in reversed(plan):
            run_sql(sqlmigrate(app_label, name, "--backwards"))
        assert schema() == set()


def test_migrated_database__has_a_content_type_for_each_model(migrated_database: str) -> None:
    models = {(model._meta.app_label, model._meta.model_name) for model in apps.get_models()}
    assert set(ContentType.objects.values_list("app_label", "model")) == models


def content_types() -> dict[str, int]:
    """Return the ids of the content types of app notifications, by model."""
    rows = run_sql("SELECT model, id FROM django_content_type WHERE app_label = 'notifications'")
    return dict(rows)


def test_model_deleted_by_a_migration__without_a_content_type_until_it_is_unapplied(
    migrated_database: str,
) -> None:
    delete = 'operations = [migrations.DeleteModel("Notification")]'
    with extra_migration("notifications", delete):
        migrate("notifications")
        assert content_types() == {}
        migrate("notifications", "0001")
        assert [*content_types()] == ["notification"]


def test_model_renamed_by_a_migration__keeps_its_content_type_until_its_app_is_unapplied(
    migrated_database: str,
) -> None:
    [key] = content_types().values()
    rename = 'operations = [migrations.RenameModel("Notification", "Notice")]'
    with extra_migration("notifications", rename):
        migrate("notifications")
        assert content_types() == {"notice": key}
        migrate("notifications", "zero")
        assert content_types() == {}


def test_migration_that_migrates_another_database__leaves_the_content_types_of_this_one(
    migrated_database: str,
) -> None:
    before = content_types()
    with new_database() as other:
        arguments = f"'migrate', 'contenttypes', database={other.alias!r}, verbosity=0"
        code = f"__import__('django').core.management.call_command({arguments})"
        operation = f"migrations.RunPython(lambda *_: {code})"
        with extra_migration("notifications", f"operations = [{operation}]"):
            migrate("notifications")
    assert content_types() == before


def test_app_faked_forward__only_records_are_added(migrated_database: str) -> None:
    before = dump("--schema-only")
    migrate("payments", "zero", "--fake")
    ran = [line for line in migrate("--fake") if line.endswith("FAKED")]
    assert ran == [
        "  Applying payments.0001_initial... FAKED",
        "  Applying enrollments.0002_initial... FAKED",
    ]
    assert dump("--schema-only") == before


def test_enum_type_created_by_a_migration__read_in_arrays_on_the_same_connection(
    migrated_database: str,
) -> None:
    create = 'operations = [CreateEnum("mood", ["happy", "sad"])]'
    with extra_migration("users", create):
        migrate("users")
    assert run_sql("SELECT ARRAY['sad', 'happy']::mood[]") == [(["sad", "happy"],)]
