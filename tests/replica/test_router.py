"""The database that the router chooses for a read, a write or a migration."""

from django.contrib.sessions.models import Session
from django.db import router

from config.replica import reads_replica
from courses.models import Course
from tests.support.standby import Pair
from users.models import User


def alias(model: type = User, **hints: object) -> str:
    return router.db_for_read(model, **hints)


def test_read__goes_to_the_primary(pair: Pair) -> None:
    assert alias() == "default"


def test_read_of_a_function_for_the_replica__goes_there(pair: Pair) -> None:
    assert reads_replica(alias)() == "replica"


def test_read_of_a_session__goes_to_the_primary(pair: Pair) -> None:
    assert reads_replica(alias)(Session) == "default"


def test_write_of_a_function_for_the_replica__goes_to_the_primary(pair: Pair) -> None:
    assert reads_replica(router.db_for_write)(User) == "default"


def test_row_of_the_replica__is_saved_and_followed_on_the_primary(pair: Pair) -> None:
    row = User()
    row._state.db = "replica"
    assert router.db_for_write(User, instance=row) == "default"
    assert alias(Course, instance=row) == "default"


def test_row_of_the_replica__may_refer_to_one_of_the_primary(pair: Pair) -> None:
    row, other = User(), User()
    row._state.db, other._state.db = "replica", "default"
    assert router.allow_relation(row, other)


def test_row_of_a_third_database__stays_there(pair: Pair) -> None:
    row = User()
    row._state.db = "other"
    assert (router.db_for_write(User, instance=row), alias(instance=row)) == ("other", "other")


def test_migration__is_for_the_primary_only(pair: Pair) -> None:
    allowed = [router.allow_migrate(alias, "users") for alias in ("default", "replica")]
    assert allowed == [True, False]
