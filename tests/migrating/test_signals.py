"""migrate if the first apps have no models module, and so get no signals from Django."""

import pytest
from django.apps import apps
from django.conf import settings as project_settings
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import CommandError
from pytest_django import Settings

from tests.support.migrations import dump, extra_migration, migrate, run_sql


@pytest.fixture(autouse=True)
def apps_without_models_first(few_apps_database: str, settings: Settings) -> None:
    installed = zip(apps.get_app_configs(), project_settings.INSTALLED_APPS, strict=True)
    in_order = sorted(installed, key=lambda pair: pair[0].models_module is not None)
    settings.INSTALLED_APPS = [name for _, name in in_order]
    assert next(iter(apps.get_app_configs())).models_module is None


def test_irreversible_migration_to_unapply__refused_before_anything_ran() -> None:
    with extra_migration("users", 'operations = [migrations.RunSQL("SELECT 1")]'):
        migrate("users")
        before = dump()
        with pytest.raises(CommandError, match=r"is irreversible\. Nothing was changed"):
            migrate("users", "zero")
        assert dump() == before


def test_app_to_zero__runs_in_one_transaction_and_deletes_its_content_types() -> None:
    table = 'operations = [migrations.RunSQL("CREATE TABLE extra ()", "DROP TABLE extra")]'
    with extra_migration("users", table):
        migrate("users")
        run_sql("CREATE VIEW roles AS SELECT role FROM users")
        before = dump()
        with pytest.raises(CommandError, match="cannot drop table users"):
            migrate("users", "zero")
        assert dump() == before
        run_sql("DROP VIEW roles")
        migrate("users", "zero")
    assert not ContentType.objects.filter(app_label="users").exists()
