"""The lag, computed from positions."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from config.replica.lag import Lag, Position

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def primary(position: int, seconds: int) -> Position:
    return Position(7, 5, False, NOON + timedelta(seconds=seconds), Decimal(position), None)


def replica(position: int, last_commit: int | None) -> Position:
    at = None if last_commit is None else NOON + timedelta(seconds=last_commit)
    return Position(7, 5, True, NOON, Decimal(position), at)


def test_replica_with_the_position_of_the_primary__is_not_behind() -> None:
    assert Lag().between(primary(10, 100), replica(10, -1_000)) == 0


def test_replica_behind__is_so_since_its_last_commit() -> None:
    assert Lag().between(primary(10, 100), replica(9, 97)) == 3


def test_replica_behind_after_an_idle_time__is_so_since_it_was_not() -> None:
    lag = Lag()
    lag.between(primary(10, 100), replica(10, 0))
    assert lag.between(primary(11, 102), replica(10, 0)) == 2


def test_replica_behind_during_a_long_transaction__is_so_since_the_position_it_has() -> None:
    lag = Lag()
    for second in range(1, 6):  # two seconds behind all the time, without a commit
        found = lag.between(primary(second, second), replica(second - 2, 0))
    assert found == 2


def test_replica_that_has_replayed_no_commit__may_be_behind_by_any_time() -> None:
    assert Lag().between(primary(10, 100), replica(9, None)) == float("inf")
