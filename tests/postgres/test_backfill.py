"""The operation that fills a column in batches."""

from collections.abc import Iterator

import pytest
from django.db import NotSupportedError, connection, models
from django.db.migrations import CreateModel
from django.db.migrations.state import ProjectState
from django.db.models import F
from pytest_django import DjangoDbBlocker

from config.postgres import Backfill
from tests.support.migrations import applied, new_default_database, run_sql

FILL = Backfill("album", "rating", F("stars") * 2)
ALBUM = CreateModel(
    "Album",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("stars", models.IntegerField()),
        ("rating", models.IntegerField(null=True)),
    ],
)


@pytest.fixture(scope="module")
def table(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[ProjectState]:
    with django_db_blocker.unblock(), new_default_database():
        yield applied(ProjectState(), ALBUM)


@pytest.fixture
def albums(table: ProjectState, django_db_blocker: DjangoDbBlocker) -> Iterator[ProjectState]:
    """Provide the state of a database with a table of two rows."""
    with django_db_blocker.unblock():
        run_sql("TRUNCATE music_album RESTART IDENTITY")
        run_sql("INSERT INTO music_album (stars) VALUES (3), (3)")
        yield table


def run(operation: Backfill, state: ProjectState) -> None:
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("music", editor, state, state)


def test_backfill__fills_rows_that_have_no_value(albums: ProjectState) -> None:
    run_sql("UPDATE music_album SET rating = 1 WHERE id = 1")
    run(FILL, albums)
    assert run_sql("SELECT rating FROM music_album ORDER BY id") == [(1,), (6,)]


def test_backfill_in_batches__fills_all_rows(albums: ProjectState) -> None:
    run_sql("INSERT INTO music_album (stars) SELECT 4 FROM generate_series(1, 5)")
    run(Backfill("album", "rating", 8, batch_size=2), albums)
    assert run_sql("SELECT count(*) FROM music_album WHERE rating = 8") == [(7,)]


def test_backfill_with_one_row_a_batch__commits_each_row_separately(albums: ProjectState) -> None:
    run(Backfill("album", "rating", 8, batch_size=1), albums)
    assert run_sql("SELECT count(DISTINCT xmin::text) FROM music_album") == [(2,)]


def test_backfill_whose_value_is_null__ends(albums: ProjectState) -> None:
    run(Backfill("album", "rating", F("rating"), batch_size=1), albums)
    assert run_sql("SELECT DISTINCT rating FROM music_album") == [(None,)]


def test_backfill_undone__leaves_the_values(albums: ProjectState) -> None:
    run(FILL, albums)
    with connection.schema_editor(atomic=False) as editor:
        FILL.database_backwards("music", editor, albums, albums)
    assert run_sql("SELECT DISTINCT rating FROM music_album") == [(6,)]


def test_backfill_in_a_transaction__is_refused(albums: ProjectState) -> None:
    with pytest.raises(NotSupportedError) as error:
        applied(albums, FILL)
    assert str(error.value) == (
        "The Backfill operation cannot be executed inside a transaction "
        "(set atomic = False on the migration)."
    )
