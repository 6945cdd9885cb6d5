"""The lag of a replica, computed from positions in the WAL."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from config.replica.lag import Lag, WalPosition

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def primary(position: int, seconds: int, timeline: int = 1) -> WalPosition:
    return WalPosition(7, 5, timeline, False, after(seconds), Decimal(position), None)


def replica(position: int, last_commit: int | None, timeline: int = 1) -> WalPosition:
    at = None if last_commit is None else after(last_commit)
    return WalPosition(7, 5, timeline, True, NOON, Decimal(position), at)


def after(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def between(lag: Lag, of_primary: WalPosition, of_replica: WalPosition) -> float:
    lag.add_primary(of_primary)
    return lag.seconds(of_replica)


def test_replica_with_the_position_of_the_primary__is_not_behind() -> None:
    assert between(Lag(), primary(10, 100), replica(10, -1_000)) == 0


def test_replica_behind__is_behind_since_its_last_commit() -> None:
    assert between(Lag(), primary(10, 100), replica(9, 97)) == 3


def test_replica_behind_after_an_idle_time__is_behind_since_the_end_of_that_time() -> None:
    lag = Lag()
    between(lag, primary(10, 100), replica(10, 0))
    assert between(lag, primary(11, 102), replica(10, 0)) == 2


def test_replica_behind_during_a_long_transaction__is_behind_since_its_position() -> None:
    lag = Lag()
    for second in range(1, 6):  # two seconds behind all the time, without a commit
        found = between(lag, primary(second, second), replica(second - 2, 0))
    assert found == 2


def test_replica_that_has_replayed_no_commit__is_behind_by_an_unknown_time() -> None:
    assert between(Lag(), primary(10, 100), replica(9, None)) == float("inf")


def test_replica_replaced_by_an_older_one__is_behind_since_the_last_commit_of_the_new_one() -> None:
    lag = Lag()
    between(lag, primary(10, 100), replica(10, 99))
    assert between(lag, primary(11, 101), replica(5, 41)) == 60


def test_replica_of_the_primary__has_no_other_primary() -> None:
    lag = Lag()
    for second in range(1, 6):
        between(lag, primary(second, second), replica(second + 1 - second % 2, second))
        assert not lag.has_other_primary


@pytest.mark.parametrize(
    ("of_primary", "of_replica"),
    [
        ([primary(10, 100), primary(10, 101)], [replica(11, 100), replica(12, 101)]),
        ([primary(10, 100), primary(10, 103)], [replica(9, 99), replica(9, 102)]),
    ],
    ids=["ahead", "behind, with a commit after it fell behind"],
)
def test_replica_of_a_copy_of_the_primary__has_another_primary(
    of_primary: list[WalPosition], of_replica: list[WalPosition]
) -> None:
    lag = Lag()
    for positions in zip(of_primary, of_replica, strict=True):
        between(lag, *positions)
    assert lag.has_other_primary


def test_replica_of_a_copy_that_was_promoted__follows_another_primary() -> None:
    reason = "it follows a server other than the primary, such as a copy of the primary"
    assert replica(9, 99, timeline=2).mismatch(primary(10, 100)) == reason


def test_replica_after_another_server_has_become_the_primary__has_that_primary() -> None:
    lag = Lag()
    between(lag, primary(20, 100), replica(10, 99))
    between(lag, primary(12, 110, timeline=2), replica(11, 109))
    assert not lag.has_other_primary
