"""The data directory of the test server, if the directory is in memory."""

from pathlib import Path

import pytest
from django.conf import settings

from config.embedded.server import EmbeddedServer
from tests.support import server_of_tests
from tests.support.embedded import Client, new_directory
from tests.support.server_of_tests import choose_directory, leave_memory


def test_directory_emptied_before_the_keeper_has_ended__is_used_by_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with new_directory() as directory:
        monkeypatch.setattr(server_of_tests, "MEMORY", directory.parent)
        directory.mkdir()
        (directory / "PG_VERSION").write_text("18")
        leave_memory(directory)
        # The keeper asks the same question, and this creates a lock file in the directory.
        assert not EmbeddedServer(directory)._is_used()
        with Client(directory) as client:
            assert client.query("SELECT 1") == "1"


def test_link_of_another_user_in_memory__neither_used_nor_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_of_tests, "MEMORY", tmp_path)
    monkeypatch.setattr(server_of_tests, "ENOUGH", 0)
    chosen = choose_directory()
    assert chosen.parent == tmp_path
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    chosen.symlink_to(precious)
    leave_memory(chosen)
    assert (precious / "file").exists()
    assert choose_directory() == settings.BASE_DIR / ".postgres-tests"
