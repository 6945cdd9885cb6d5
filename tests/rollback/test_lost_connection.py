"""Connections that are lost while rollback commits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from config.postgres.backend import transactions
from config.rollback import restoration
from config.rollback.backup import Backup
from config.rollback.replacement import check_restored
from config.rollback.restoration import RestorationProgress
from tests.rollback.helpers import GO_ON, rollback, rollback_until
from tests.support.migrations import run_sql
from tests.support.proxy import Proxy, proxied


@pytest.fixture
def proxy(accounts_copy: str, backups: Path) -> Iterator[Proxy]:
    with proxied() as proxy:
        yield proxy


def has_table() -> bool:
    return run_sql("SELECT to_regclass('users') IS NOT NULL") == [(True,)]


def test_rollback_whose_commit_is_not_answered__is_done_and_prints_how_to_restore(
    proxy: Proxy,
) -> None:
    lines = rollback_until("Unapplying", proxy.cutting("after"), "users", *GO_ON)
    assert any(" manage.py rollback --restore " in line for line in lines)
    assert not has_table()


def test_rollback_whose_commit_the_server_never_got__says_that_nothing_was_changed(
    proxy: Proxy,
) -> None:
    with pytest.raises(
        CommandError, match=r"Nothing was changed\. Run rollback again to continue\.$"
    ):
        rollback_until("Unapplying", proxy.cutting("before"), "users", *GO_ON)
    assert has_table()


def test_restore_whose_commit_the_server_confirms_late__is_done(
    backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server refuses connections when certain_commit() asks, and accepts them later."""
    ask = RestorationProgress.ask_standing
    monkeypatch.setattr(transactions, "PATIENCE", 0.1)
    with proxied() as proxy:

        def open_and_ask(*args: Any) -> str:
            proxy.is_closed = False
            return ask(*args)

        def check_and_cut(*args: Any) -> None:
            check_restored(*args)
            proxy.cutting("after", is_closed=True)()

        monkeypatch.setattr(restoration, "check_restored", check_and_cut)
        monkeypatch.setattr(RestorationProgress, "ask_standing", open_and_ask)
        lines = rollback("--restore", backup.path, *GO_ON)
    assert lines[-1].startswith("Restored 7 tables ")


def test_rollback_whose_outcome_is_unknown__says_how_to_restore(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "PATIENCE", 0.1)
    with pytest.raises(CommandError) as error:
        rollback_until("Unapplying", proxy.cutting("after", is_closed=True), "users", *GO_ON)
    assert str(error.value).endswith(
        "It is unknown whether rollback was committed. If it was, a backup can be restored "
        "with rollback --restore. Run rollback again to continue."
    )
