"""The command schema_docs: the file that it writes, and its messages."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.schema_docs.management.commands.schema_docs import SCHEMA_DOCS, check_current
from tests.support.migrations import run_sql


@pytest.mark.django_db
def test_file_that_was_just_written__equals_that_of_the_repository(tmp_path: Path) -> None:
    call_command("schema_docs", tmp_path / "schema.md")
    assert (tmp_path / "schema.md").read_bytes() == SCHEMA_DOCS.read_bytes()


def test_file_with_the_current_content__passes_the_check(tmp_path: Path) -> None:
    path = tmp_path / "schema.md"
    path.write_text("current")
    check_current(path, "current")


def test_file_with_other_content__is_stale(tmp_path: Path) -> None:
    path = tmp_path / "schema.md"
    path.write_text("edited")
    with pytest.raises(CommandError) as error:
        check_current(path, "current")
    assert str(error.value) == (
        f"{path} is stale: the models have changed, or the file was edited. "
        "Write it again with: manage.py schema_docs"
    )


def test_file_that_does_not_exist__is_reported(tmp_path: Path) -> None:
    path = tmp_path / "schema.md"
    with pytest.raises(CommandError) as error:
        check_current(path, "current")
    assert str(error.value) == f"{path} does not exist. Write it with: manage.py schema_docs"


@pytest.mark.django_db
def test_file_that_is_stale__is_reported_and_kept_by_check(tmp_path: Path) -> None:
    path = tmp_path / "schema.md"
    path.write_text("mine")
    with pytest.raises(CommandError, match="is stale"):
        call_command("schema_docs", path, "--check")
    assert path.read_text() == "mine"


@pytest.mark.django_db
def test_file_in_no_directory__cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "schema.md"
    with pytest.raises(CommandError) as error:
        call_command("schema_docs", path)
    assert str(error.value) == f"Cannot write {path}: No such file or directory."


@pytest.mark.django_db
def test_directory_instead_of_a_file__cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as error:
        call_command("schema_docs", tmp_path, "--check")
    assert str(error.value) == f"Cannot read {tmp_path}: Is a directory."


@pytest.mark.django_db
def test_role_with_read_only_transactions__cannot_create_the_tables() -> None:
    run_sql("SET LOCAL transaction_read_only = on")
    with pytest.raises(CommandError) as error:
        call_command("schema_docs", "--check")
    role = connection.get_connection_params()["user"]
    assert str(error.value) == (
        f"Role {role} has read-only transactions here, in which no temporary table can be created. "
        "Verify as another role, or compare with a snapshot: --expect FILE."
    )
