"""Plans that migrate refuses before anything runs, with the reason in one line."""

from collections.abc import Iterator

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.test import override_settings

from tests.support.few_apps import FEW_APPS
from tests.support.migrations import (
    extra_migration,
    finished,
    migrate,
    new_default_database,
    planned,
    run_sql,
    schema,
)


@pytest.fixture
def few_installed(empty_database: str) -> Iterator[str]:
    """Install few apps, and let the alias "default" use an empty database; yield its name."""
    with override_settings(INSTALLED_APPS=FEW_APPS):
        yield empty_database


def refusal(*arguments: str) -> str:
    """Return the message with which migrate refuses; check that the schema is unchanged."""
    before = schema()
    with pytest.raises(CommandError) as error:
        migrate(*arguments)
    assert schema() == before
    return str(error.value)


def name_taken(kind: str, name: str, database: str, others: str = "") -> str:
    return (
        f"Cannot create {kind} '{name}'{others}: database '{database}' already contains a table or "
        "type of that name that no applied migration has created. Nothing was changed. Rename "
        "or drop it, point DATABASE_URL at an empty database, or, if it equals what the migration "
        "creates, run migrate --fake."
    )


# Names that are taken


@pytest.mark.parametrize(
    ("obstacle", "kind", "name"),
    [
        ("TABLE users ()", "table", "users"),
        ("TABLE auth_group_permissions ()", "table", "auth_group_permissions"),
        ("SEQUENCE users", "table", "users"),
        ("DOMAIN users AS text", "table", "users"),
        ("TYPE role AS ENUM ('guest')", "enum type", "role"),
        ("TABLE role ()", "enum type", "role"),
    ],
)
def test_name_that_is_taken__refused(
    few_installed: str, obstacle: str, kind: str, name: str
) -> None:
    run_sql(f"CREATE {obstacle}")
    assert refusal() == name_taken(kind, name, few_installed)


@pytest.mark.parametrize(
    ("obstacle", "kind", "name"),
    [
        ("TABLE refunds ()", "table", "refunds"),
        ("TABLE django_session ()", "table", "django_session"),
        ("TABLE analytics_events_default ()", "table", "analytics_events_default"),
        ("VIEW refund_status AS SELECT 1", "enum type", "refund_status"),
    ],
)
def test_name_of_another_app_that_is_taken__refused(
    empty_database: str, obstacle: str, kind: str, name: str
) -> None:
    run_sql(f"CREATE {obstacle}")
    assert refusal() == name_taken(kind, name, empty_database)


def test_several_names_that_are_taken__first_of_the_plan_named_and_others_counted(
    empty_database: str,
) -> None:
    run_sql("CREATE TABLE courses (); CREATE TABLE users (); CREATE TYPE role AS ENUM ()")
    others = " (and 2 more)"
    assert refusal() == name_taken("enum type", "role", empty_database, others)


def test_name_of_a_built_in_type__refused(few_installed: str) -> None:
    create = 'operations = [CreateEnum("path", ["short", "long"])]'
    with extra_migration("users", create):
        assert refusal() == name_taken("enum type", "path", few_installed)


def test_name_that_is_taken_after_a_part_of_the_plan_was_applied__refused(
    empty_database: str,
) -> None:
    migrate("users")
    run_sql("CREATE TABLE payments ()")
    assert refusal() == name_taken("table", "payments", empty_database)


def test_default_partition_that_the_plan_frees_first__not_in_the_way(
    migrated_database: str,
) -> None:
    again = (
        "MonthlyPartitions = __import__('config.postgres').postgres.MonthlyPartitions\n"
        "    operations = [migrations.DeleteModel('AnalyticsEvent'), migrations.CreateModel("
        "'AnalyticsEvent', [('id', models.AutoField(primary_key=True)),"
        " ('time', models.DateTimeField())], {'db_table': 'analytics_events', 'constraints':"
        " [MonthlyPartitions('time', name='analytics_events_default')]})]"
    )
    with extra_migration("analytics", again):
        assert finished(migrate("analytics")) == ["analytics.0099_extra"]


def test_name_that_the_plan_frees_first__not_in_the_way(migrated_database: str) -> None:
    replace = (
        "operations = [migrations.DeleteModel('Notification'), DropEnum('priority', ['low']),"
        " CreateEnum('priority', ['low', 'high'])]"
    )
    with extra_migration("notifications", replace):
        assert finished(migrate("notifications")) == ["notifications.0099_extra"]


NEIGHBOURS = (
    "TABLE customers ()",
    'TABLE "Users" ()',
    "SCHEMA users",
    "FUNCTION users() RETURNS int RETURN 1",
    "SCHEMA elsewhere CREATE TABLE users ()",
)


def test_names_that_are_not_in_the_way__migrated(few_installed: str) -> None:
    run_sql("; ".join(f"CREATE {neighbour}" for neighbour in NEIGHBOURS))
    assert finished(migrate("users")) == ["users.0001_initial"]


def test_name_that_has_to_be_quoted__not_in_the_way_of_another(few_installed: str) -> None:
    run_sql("CREATE TYPE mood AS ENUM ()")
    create = 'operations = [CreateEnum("Mood", ["happy"]), CreateEnum("my mood", ["happy"])]'
    with extra_migration("users", create):
        assert finished(migrate("users")) == ["users.0001_initial", "users.0099_extra"]


def test_table_auth_user_of_the_replaced_user_model__not_in_the_way(
    few_installed: str,
) -> None:
    run_sql("CREATE TABLE auth_user ()")
    assert finished(migrate("auth")) == planned_on_empty("auth")


def planned_on_empty(app_label: str) -> list[str]:
    with new_default_database():
        return planned(app_label)


def test_name_taken_by_a_temporary_table__refused(few_installed: str) -> None:
    run_sql("CREATE TEMPORARY TABLE users ()")
    assert refusal() == name_taken("table", "users", few_installed)


def test_plan_with_a_name_that_is_taken__shown(few_installed: str) -> None:
    plan = planned()
    run_sql("CREATE TABLE users ()")
    assert planned() == plan


def test_table_created_without_migrate__can_be_faked(few_installed: str) -> None:
    run_sql("CREATE TABLE users ()")
    migrate("users", "--fake")
    assert run_sql("SELECT app, name FROM django_migrations") == [("users", "0001_initial")]


def test_existing_table_without_a_record__found_by_fake_initial(few_installed: str) -> None:
    migrate("users")
    before = schema()
    run_sql("DELETE FROM django_migrations WHERE app = 'users'")
    assert migrate("users", "--fake-initial")[-1] == "  Applying users.0001_initial... FAKED"
    assert schema() == before


# Roles and schemas


def test_role_that_may_not_create__refused_until_the_advice_is_followed(
    few_installed: str, guest: str
) -> None:
    run_sql(f"SET ROLE {guest}")
    advice = f'GRANT CREATE ON SCHEMA "public" TO "{guest}";'
    assert refusal() == (
        f"Role '{guest}' may not create tables in schema 'public' of database '{few_installed}'. "
        f"Nothing was changed. Let the schema's owner run: {advice}"
    )
    run_sql(f"RESET ROLE; {advice} SET ROLE {guest}")
    assert finished(migrate("users")) == ["users.0001_initial"]


def test_role_that_may_not_create_with_nothing_or_only_rows_to_change__not_refused(
    few_installed: str, guest: str
) -> None:
    migrate("users")
    run_sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {guest}; SET ROLE {guest}")
    assert migrate("users")[-1] == "  No migrations to apply."
    with extra_migration("users", 'operations = [migrations.RunSQL("DELETE FROM users")]'):
        assert finished(migrate("users")) == ["users.0099_extra"]


def test_search_path_without_a_schema__refused(empty_database: str) -> None:
    run_sql("SET search_path TO nowhere")
    with connection.cursor() as cursor:
        role = cursor.connection.info.user
    with pytest.raises(CommandError) as error:
        migrate()
    assert str(error.value) == (
        f"No schema of role '{role}''s search_path exists in database '{empty_database}'. Nothing "
        "was changed. Create the schema, or set the role's search_path to an existing schema."
    )


def test_own_schema_first_on_the_search_path__migrated_into_it(few_installed: str) -> None:
    run_sql("CREATE SCHEMA platform; SET search_path TO platform, public")
    migrate("users")
    assert run_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    assert run_sql("SELECT 'platform.users'::regclass::text") == [("users",)]


# Objects of other roles that depend on an enum type

REMOVE = "AlterEnum('role', ['student', 'admin'], ['student', 'educator', 'admin'])"
USE = "AddEnumValue('role', 'guest'), migrations.RunSQL('SELECT 1')"


@pytest.mark.parametrize("operations", [REMOVE, USE])
def test_objects_of_another_role_on_a_type_that_is_replaced__refused(
    few_installed: str, guest: str, operations: str
) -> None:
    run_sql(f"GRANT ALL ON SCHEMA public TO {guest}; SET ROLE {guest}")
    migrate("users")
    run_sql(f"RESET ROLE; {OBJECTS}; SET ROLE {guest}")
    [(owner,)] = run_sql("SELECT session_user")
    belongs = f"belongs to role {owner}"
    first = "migrations.RunSQL('CREATE TABLE earlier ()')"
    with extra_migration("users", f"operations = [{first}, {operations}]"):
        message = refusal("users")
    assert message == (
        f"Cannot give enum type 'role' other labels: function is_odd(role) {belongs}, materialized "
        f"view counts {belongs}, table people {belongs}, type role_or_none {belongs}, view names "
        f"{belongs}, and role {guest} is not a member of that role. Nothing was changed. Migrate "
        "as a member, or let the owner drop the object and create it again afterwards. To become a "
        f"member: GRANT {owner} TO {guest};"
    )


def test_constraint_trigger_about_a_table_of_another_role__not_refused(
    few_installed: str, guest: str
) -> None:
    run_sql(f"GRANT ALL ON SCHEMA public TO {guest}; SET ROLE {guest}")
    migrate("users")
    run_sql(f"RESET ROLE; {AUDIT}; GRANT ALL ON audit TO {guest}; SET ROLE {guest}; {AUDITED}")
    with extra_migration("users", f"operations = [{REMOVE}]"):
        assert finished(migrate("users")) == ["users.0099_extra"]


AUDIT = """
    CREATE TABLE audit ();
    CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$
"""
AUDITED = """
    CREATE CONSTRAINT TRIGGER audited AFTER UPDATE ON users FROM audit
    FOR EACH ROW WHEN (NEW.role = 'admin') EXECUTE FUNCTION audit()
"""
OBJECTS = """
    CREATE VIEW names AS SELECT role FROM users;
    CREATE MATERIALIZED VIEW counts AS SELECT role FROM users;
    CREATE FUNCTION is_odd(role) RETURNS bool RETURN true;
    CREATE TABLE people (role role);
    CREATE DOMAIN role_or_none AS role
"""
