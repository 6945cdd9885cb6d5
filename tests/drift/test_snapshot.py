"""The options --snapshot, and --expect, which needs no temporary tables."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.databases import Database, new_role
from tests.support.verify_schema import IDENTICAL, Run, drift
from users.models import User

AGAIN = "manage.py verify_schema --snapshot FILE"


@pytest.fixture(scope="module")
def taken(shared_clone: Database, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("taken") / "schema.txt"
    assert shared_clone.verify("--snapshot", path) == Run(0, "")
    return path.read_text()


@pytest.fixture
def snapshot(taken: str, tmp_path: Path) -> Path:
    path = tmp_path / "schema.txt"
    path.write_text(taken)
    return path


def test_expect_by_role_that_may_only_read__identical(clone: Database, snapshot: Path) -> None:
    clone.execute(f'REVOKE TEMPORARY ON DATABASE "{clone.name}" FROM PUBLIC')
    with (
        new_role(clone, "GRANT SELECT ON django_migrations TO {role}") as role,
        clone.options(assume_role=role, options="-c default_transaction_read_only=on"),
    ):
        assert clone.verify("--expect", snapshot, "-v0").verdict == IDENTICAL


def test_expect_of_other_schema__drift(quick_clone: Database, snapshot: Path) -> None:
    with quick_clone.changed("ALTER TABLE courses ALTER price SET DEFAULT 1"):
        assert quick_clone.verify("--expect", snapshot, "-v0").verdict == drift(1)


def test_expect_of_missing_tables__repaired_as_without_a_snapshot(
    quick_clone: Database, snapshot: Path
) -> None:
    with quick_clone.changed("DROP TABLE users CASCADE", "DROP TABLE analytics_events"):
        repaired = quick_clone.verify("--sql")
        assert quick_clone.verify("--expect", snapshot, "--sql") == repaired


def test_snapshot_taken_under_other_settings__same_text(
    shared_clone: Database, snapshot: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    settings = "-c quote_all_identifiers=on -c standard_conforming_strings=off"
    with shared_clone.options(options=settings):
        shared_clone.verify("--snapshot", other)
    assert other.read_text() == snapshot.read_text()


def test_snapshot__text_that_can_be_reviewed(snapshot: Path) -> None:
    paragraphs = snapshot.read_text().split("\n\n")
    assert '["enum type", "", "role"]\n    labels: ["student", "educator", "admin"]' in paragraphs


def test_expect_after_models_changed__status_2(
    shared_clone: Database, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(User._meta.get_field("email"), "max_length", 300)
    assert shared_clone.verify("--expect", snapshot) == Run(
        2, "", f"The snapshot {snapshot} is stale: the models have changed. Write it again: {AGAIN}"
    )


def test_expect_with_an_error_in_a_model__does_not_blame_the_file(
    quick_clone: Database, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def db_type(field: object, connection: object) -> str:
        raise ValueError("no such type")

    monkeypatch.setattr(type(User._meta.get_field("email")), "db_type", db_type)
    with pytest.raises(ValueError, match=r"^no such type$"):
        quick_clone.verify("--expect", snapshot)


def test_expect_of_other_major_version__status_2(quick_clone: Database, snapshot: Path) -> None:
    [version] = [line for line in snapshot.read_text().splitlines() if "PostgreSQL" in line]
    snapshot.write_text(snapshot.read_text().replace(version, "# PostgreSQL 14"))
    assert quick_clone.verify("--expect", snapshot) == Run(
        2,
        "",
        f"The snapshot {snapshot} is for PostgreSQL 14, but the server is {version[2:]}. "
        f"Write a new one on this server: {AGAIN}",
    )


DAMAGES: dict[str, Callable[[str], str]] = {
    "edited": lambda text: text.replace('"student", ', ""),
    "cut_short": lambda text: text.rpartition("\n\n")[0] + "\n",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_expect_of_damaged_snapshot__status_2(
    quick_clone: Database, snapshot: Path, damage: Callable[[str], str]
) -> None:
    snapshot.write_text(damage(snapshot.read_text()))
    assert quick_clone.verify("--expect", snapshot) == Run(
        2, "", f"The snapshot {snapshot} was edited or is damaged. Write it again: {AGAIN}"
    )


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"# verify_schema snapshot\n" * 5])
def test_expect_of_other_file__status_2(
    quick_clone: Database, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "other.txt"
    path.write_bytes(content)
    assert quick_clone.verify("--expect", path) == Run(
        2, "", f"The file {path} is not a snapshot that verify_schema can read. Write one: {AGAIN}"
    )


def test_expect_of_missing_file__status_2(quick_clone: Database, tmp_path: Path) -> None:
    path = tmp_path / "missing.txt"
    assert quick_clone.verify("--expect", path) == Run(
        2, "", f"Cannot read the snapshot {path}: No such file or directory."
    )


def test_expect_of_directory__status_2(quick_clone: Database, tmp_path: Path) -> None:
    assert quick_clone.verify("--expect", tmp_path) == Run(
        2, "", f"Cannot read the snapshot {tmp_path}: Is a directory."
    )


def test_snapshot_into_missing_directory__status_2(shared_clone: Database, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "schema.txt"
    assert shared_clone.verify("--snapshot", path) == Run(
        2, "", f"Cannot write the snapshot {path}: No such file or directory."
    )
