"""The migrate command with operations on enum types, forwards and backwards."""

from collections.abc import Iterator

import pytest
from django.core.management.base import CommandError
from pytest_django import DjangoDbBlocker

from tests.factories import UserFactory
from tests.support.few_apps import FEW_APPS
from tests.support.migrations import (
    dump,
    extra_migration,
    finished,
    migrate,
    new_database_of,
    run_sql,
)
from users.enums import Role

ADD = "AddEnumValue('role', 'guest', after='student')"
USE = "migrations.RunSQL(\"UPDATE users SET role = 'guest'\", migrations.RunSQL.noop)"
RENAME = "RenameEnumValue('role', 'guest', 'visitor')"
REMOVE = "AlterEnum('role', ['student', 'admin'], ['student', 'educator', 'admin'])"


@pytest.fixture
def user_row(few_apps: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Provide a database with the tables of app users and a row in them."""
    with django_db_blocker.unblock(), new_database_of(FEW_APPS, few_apps):
        UserFactory.create(role=Role.EDUCATOR)
        yield


def role_oid() -> int:
    [[oid]] = run_sql("SELECT 'role'::regtype::oid::bigint")
    return int(oid)


def roles() -> list[str]:
    return [role for (role,) in run_sql("SELECT role::text FROM users")]


def test_label_added__type_stays_the_same(user_row: None) -> None:
    before = role_oid()
    with extra_migration("users", f"operations = [{ADD}]"):
        assert finished(migrate("users")) == ["users.0099_extra"]
    assert role_oid() == before
    assert run_sql("SELECT enum_range(NULL::role)::text") == [("{student,guest,educator,admin}",)]


def test_label_added_and_used_in_the_same_migration__works_and_is_not_undone_while_used(
    user_row: None,
) -> None:
    with extra_migration("users", f"operations = [{ADD}, {USE}]"):
        migrate("users")
        assert roles() == ["guest"]
        before = dump()
        with pytest.raises(CommandError):
            migrate("users", "0001")
        assert dump() == before
    assert run_sql("SELECT enum_range(NULL::role)::text") == [("{student,guest,educator,admin}",)]


def test_label_added_and_used_in_a_migration_that_is_not_atomic__works(user_row: None) -> None:
    before = role_oid()
    with extra_migration("users", f"atomic = False; operations = [{ADD}, {USE}]"):
        migrate("users")
    assert roles() == ["guest"]
    assert role_oid() == before


def test_label_removed_that_a_row_uses__migrate_refuses_and_changes_nothing(user_row: None) -> None:
    before = dump()
    extra = extra_migration("users", f"operations = [{REMOVE}]")
    with extra, pytest.raises(CommandError) as error:
        migrate("users")
    assert str(error.value) == (
        "Cannot remove label 'educator' from enum type 'role': 1 row uses 'educator' (users.role: "
        "1). This migration changed nothing. Give the rows another label first, for example: "
        "UPDATE users SET role = 'student' WHERE role = 'educator'; Or let the migration replace "
        "the label: AlterEnum(..., replace={'old': 'new'})."
    )
    assert dump() == before


def test_changes_undone_at_once__schema_is_as_before(user_row: None) -> None:
    before = dump("--schema-only")
    with extra_migration("users", f"operations = [{ADD}, {RENAME}]"):
        migrate("users")
        assert finished(migrate("users", "0001")) == ["users.0099_extra"]
    assert dump("--schema-only") == before


def test_squashed_changes_of_a_type__run_and_undone_in_one_transaction(user_row: None) -> None:
    kind = "EnumField(type_name='mood', labels=['low', 'high'], db_default='low')"
    more = kind.replace("'high']", "'high', 'top']").replace("db_default='low'", "db_default='top'")
    create = (
        "CreateEnum('mood', ['low', 'high']), migrations.CreateModel('Note', ["
        "('id', models.AutoField(primary_key=True)), ('user', models.ForeignKey('users.User',"
        f" models.CASCADE)), ('mood', {kind})], options={{'indexes': [models.Index(fields=['id'],"
        " condition=models.Q(mood='high'), name='high')]})"
    )
    change = (
        "AddEnumValue('mood', 'top'), RenameEnumValue('mood', 'high', 'mid'),"
        f" migrations.AlterField('Note', 'mood', {more.replace('high', 'mid')}),"
        " AlterEnum('mood', ['top', 'mid'], ['low', 'mid', 'top'])"
    )
    before = dump("--schema-only")
    imported = "from config.postgres.enums.field import EnumField;"
    with extra_migration("users", f"{imported} operations = [{create}, {change}]"):
        migrate("users")
        assert run_sql("SELECT enum_range(NULL::mood)::text") == [("{top,mid}",)]
        [[index]] = run_sql("SELECT pg_get_indexdef('high'::regclass)")
        assert index.endswith("WHERE (mood = 'mid'::mood)")
        migrate("users", "0001")
    assert dump("--schema-only") == before


def test_label_added_apart_from_the_state_and_used__works(user_row: None) -> None:
    apart = f"migrations.SeparateDatabaseAndState([{ADD}], [{ADD}])"
    with extra_migration("users", f"operations = [{apart}, {USE}]"):
        migrate("users")
        assert roles() == ["guest"]
        run_sql("UPDATE users SET role = 'student'")
        migrate("users", "0001")
    assert run_sql("SELECT enum_range(NULL::role)::text") == [("{student,educator,admin}",)]
