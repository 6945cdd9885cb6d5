"""Databases that the workers of a run prepare once and share."""

from pathlib import Path

from pytest_django import DjangoDbBlocker

from tests.support.databases import Database, has_database
from tests.support.templates import Templates


def test_database_prepared_by_two_workers__is_created_once_and_dropped_by_the_last(
    templates: Templates, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    made = []

    def prepare(database: Database) -> None:
        made.append(database.name)

    def exists(name: str) -> bool:
        with django_db_blocker.unblock():
            return has_database(name)

    first, second = (
        Templates(f"{templates.run}_{tmp_path.name[-40:]}", tmp_path, django_db_blocker)
        for _ in range(2)
    )
    with first.prepared("plain", prepare) as name:
        with second.prepared("plain", prepare) as same:
            assert (made, same) == ([name], name)
        assert exists(name)
    assert not exists(name)
