"""Permissions depend on the role, and on whether the account is active."""

from typing import Any

import pytest

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

MAY_DO_EVERYTHING: list[tuple[dict[str, Any], bool]] = [
    ({"admin": True}, True),
    ({"role": "admin"}, True),
    ({"admin": True, "deleted": True}, False),
    ({"educator": True}, False),
    ({}, False),
]
by_state = pytest.mark.parametrize(
    ("state", "allowed"),
    MAY_DO_EVERYTHING,
    ids=["admin", "admin, by label", "deleted admin", "educator", "student"],
)


@by_state
def test_has_perm__follows_from_the_role(state: dict[str, Any], allowed: bool) -> None:
    assert UserFactory.create(**state).has_perm("courses.delete_course") is allowed


@by_state
def test_has_perms__follows_from_the_role(state: dict[str, Any], allowed: bool) -> None:
    assert UserFactory.create(**state).has_perms(["courses.add_course", "users.x"]) is allowed


@by_state
def test_has_module_perms__follows_from_the_role(state: dict[str, Any], allowed: bool) -> None:
    assert UserFactory.create(**state).has_module_perms("courses") is allowed


@by_state
def test_is_superuser_and_staff__follow_from_the_role(state: dict[str, Any], allowed: bool) -> None:
    user = UserFactory.create(**state)
    assert (user.is_superuser, user.is_staff) == (allowed, allowed)


def test_is_active_of_an_account_that_is_not_deleted__is_true() -> None:
    assert UserFactory.create().is_active is True


def test_is_active_of_a_deleted_account__is_false() -> None:
    assert UserFactory.create(deleted=True).is_active is False
