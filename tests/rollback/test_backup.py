"""The backup is complete and private. If rollback cannot write the backup, nothing is changed."""

import stat
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connection
from pytest_django import Settings

from config.dumps import backup_files, client_programs
from config.postgres.catalog import Address
from config.rollback import backup as module
from config.rollback.archive import read_entries
from config.rollback.backup import read_backup, write_backup
from tests.rollback.helpers import GO_ON, refusal, rollback
from tests.support.migrations import extra_migration, migrate, run_sql

SET_RIGHT = "Nothing was changed. Fix this, or make your own backup and pass --no-backup."


def test_backup__named_private_and_ignored_by_git(accounts_copy: str, backups: Path) -> None:
    lines = rollback("users", *GO_ON)
    [path] = backups.glob("*.dump")
    assert path.name.startswith(f"{accounts_copy}-2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(backups.stat().st_mode) == 0o700
    assert any(line.startswith(f"Backup: {path} (7 tables, ") for line in lines)
    assert (backups / ".gitignore").read_text() == "*\n"


def test_backup_of_a_rollback_that_changes_no_table__has_all_of_them(
    accounts_copy: str, backups: Path
) -> None:
    with extra_migration("users", "operations = []"):
        migrate("users")
        rollback("--to", "users.0001", *GO_ON)
    [path] = backups.glob("*.dump")
    tables = run_sql("SELECT relname FROM pg_class WHERE relkind = 'r' AND oid >= 16384")
    assert {entry.name for entry in read_backup(path).tables} == {name for (name,) in tables}


def test_objects_of_others_in_the_same_schema__neither_backed_up_nor_restored(
    accounts_copy: str, backups: Path
) -> None:
    run_sql("CREATE TABLE legacy (id int); CREATE VIEW legacies AS TABLE legacy")
    rollback("users", *GO_ON)
    [path] = backups.glob("*.dump")
    assert not {"legacy", "legacies"} & {entry.name for entry in read_entries(path)}
    run_sql("INSERT INTO legacy VALUES (1)")
    rollback("--restore", path, *GO_ON)
    assert run_sql("SELECT * FROM legacies") == [(1,)]


def test_password__not_on_a_command_line(accounts_copy: str) -> None:
    before = connection.settings_dict["PASSWORD"]
    connection.settings_dict["PASSWORD"] = password = before or "not asked for"
    try:
        lines = rollback("users", *GO_ON)
        where = client_programs.find_client_programs(connection).where
    finally:
        connection.settings_dict["PASSWORD"] = before
    assert not [line for line in lines if password in line]
    assert password not in where


# Failures


def no_pg_dump(others: str = "") -> str:
    [(version,)] = run_sql("SELECT current_setting('server_version_num')::int / 10000")
    return (
        f"No backup can be written: the server runs PostgreSQL {version}, whose pg_dump is not "
        f"installed{others}. Nothing was changed. Install PostgreSQL {version}'s client programs "
        f"(Debian: postgresql-client-{version}), or make your own backup and pass --no-backup."
    )


def test_pg_dump_missing__refused(small_unchanged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_programs, "_directories", lambda: iter(()))
    assert refusal("users", *GO_ON) == no_pg_dump()


def test_pg_dump_too_old__refused(
    small_unchanged: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("pg_dump", "pg_restore"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'x (PostgreSQL) 14.3'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(client_programs, "_directories", lambda: iter([tmp_path]))
    assert refusal("users", *GO_ON) == no_pg_dump(" (found: 14)")


@pytest.mark.parametrize(
    ("there", "server", "chosen"),
    [([18, 16, 15], 16, 16), ([16, 18], 15, 16), ([18], 17, 18), ([15, 18], 16, None)],
)
def test_pg_dump_of_several_versions__the_nearest(
    there: list[int], server: int, chosen: int | None
) -> None:
    assert client_programs.nearest_version(there, server) == chosen


def test_directory_that_cannot_be_created__refused(
    small_unchanged: str, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "file").touch()
    directory = settings.ROLLBACK_BACKUP_DIR = tmp_path / "file" / "backups"
    assert refusal("users", *GO_ON) == (
        f"No backup could be written into {directory}: Not a directory. {SET_RIGHT}"
    )


def test_disk_that_is_full__refused(
    small_unchanged: str, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_files, "_new_path", lambda *args: Path("/dev/full/x.dump"))
    assert refusal("users", *GO_ON) == (
        f"No backup could be written into {backups}: Not a directory. {SET_RIGHT}"
    )


def test_server_that_refuses__refused_and_no_file_left(
    small_unchanged: str, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_WAIT", "never")
    with pytest.raises(CommandError) as error:
        rollback("users", *GO_ON)
    assert str(error.value).startswith("No backup could be written: query failed: ERROR: ")
    assert list(backups.glob("*.*")) == [backups / ".gitignore"]


def test_object_that_no_backup_can_hold__refused(accounts_copy: str, backups: Path) -> None:
    run_sql("CREATE PUBLICATION feed FOR TABLE users")
    objects = run_sql(
        "SELECT 'pg_publication', oid FROM pg_publication UNION ALL"
        " SELECT 'pg_publication_rel', oid FROM pg_publication_rel UNION ALL"
        " SELECT 'pg_class', oid FROM pg_class WHERE relname IN ('users', 'users_pkey')"
    )
    tools = client_programs.find_client_programs(connection)
    with pytest.raises(CommandError) as error:
        write_backup(connection, tools, [Address(*row) for row in objects], backups)
    assert str(error.value) == (
        "No backup can contain publication feed, publication of table users in publication feed. "
        f"{SET_RIGHT}"
    )
    assert [*backups.iterdir()] == [backups / ".gitignore"]


# Files that were not finished


def test_unfinished_backup_of_a_process_that_was_killed__removed_and_finished_ones_kept(
    accounts_copy: str, backups: Path
) -> None:
    backups.mkdir()
    for name in ("x-20261120T000000Z.unfinished", "x-20261120T000000Z.list"):
        (backups / name).touch()
    for name in (finished := {"y-20261120T000000Z.dump", "y-20261120T000000Z.list"}):
        (backups / name).touch()
    rollback("users", *GO_ON)
    assert {path.suffix for path in backups.iterdir()} == {".dump", ".list"}
    assert {path.name for path in backups.glob("[xy]-*")} == finished


def test_unfinished_backup_of_another_process__stays(tmp_path: Path) -> None:
    with (
        backup_files.new_backup(tmp_path, "x") as (first, _),
        backup_files.new_backup(tmp_path, "x") as (second, _),
    ):
        assert first != second
        assert first.exists()


# Objects that cannot be restored


def test_missing_file__refused(small_unchanged: str, tmp_path: Path) -> None:
    path = tmp_path / "x.dump"
    assert refusal("--restore", path) == f"There is no file {path}. Nothing was changed."


def test_file_that_is_no_backup__refused(small_unchanged: str, tmp_path: Path) -> None:
    (path := tmp_path / "x.dump").write_text("SELECT 1")
    assert refusal("--restore", path) == (
        f"{path} cannot be restored: it is not a file in pg_dump's custom format. Nothing was "
        "changed."
    )
