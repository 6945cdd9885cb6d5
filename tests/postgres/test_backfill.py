"""The operation that fills a column in batches."""

from collections.abc import Iterator

import pytest
from django.db import NotSupportedError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.models import F
from pytest_django import DjangoDbBlocker

from config.postgres.backfill import Backfill
from tests.hazards.music import before, make_tables, migration
from tests.support.databases import Database, new_database

FILL = Backfill("album", "rating", F("stars") * 2)


@pytest.fixture
def blank(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    with django_db_blocker.unblock(), new_database() as database:
        yield database


@pytest.fixture
def tables(blank: Database) -> BaseDatabaseWrapper:
    """Return a connection to a database with tables of two rows each."""
    make_tables(blank)
    return blank.connection


def run(connection: BaseDatabaseWrapper, item: Migration) -> None:
    with connection.schema_editor(atomic=item.atomic) as editor:
        item.apply(before(), editor)


def test_backfill__fills_rows_that_have_no_value(
    tables: BaseDatabaseWrapper, blank: Database
) -> None:
    blank.execute("UPDATE music_album SET rating = 1 WHERE id = 1")
    run(tables, migration(FILL, atomic=False))
    assert blank.query("SELECT rating FROM music_album ORDER BY id") == [(1,), (6,)]


def test_backfill_in_batches__fills_all_rows(tables: BaseDatabaseWrapper, blank: Database) -> None:
    blank.execute(
        "INSERT INTO music_album (title, genre, price, stars, label_id)"
        " SELECT n::text, 'folk', 1, 4, 1 FROM generate_series(1, 5) AS n"
    )
    run(tables, migration(Backfill("album", "rating", 8, batch_size=2), atomic=False))
    assert blank.query("SELECT count(*) FROM music_album WHERE rating = 8") == [(7,)]


def test_backfill_with_a_batch_each__is_a_transaction_each(
    tables: BaseDatabaseWrapper, blank: Database
) -> None:
    run(tables, migration(Backfill("album", "rating", 8, batch_size=1), atomic=False))
    assert blank.query("SELECT count(DISTINCT xmin::text) FROM music_album") == [(2,)]


def test_backfill_whose_value_is_null__ends(tables: BaseDatabaseWrapper, blank: Database) -> None:
    run(tables, migration(Backfill("album", "rating", F("rating"), batch_size=1), atomic=False))
    assert blank.query("SELECT DISTINCT rating FROM music_album") == [(None,)]


def test_backfill_taken_back__leaves_the_values(
    tables: BaseDatabaseWrapper, blank: Database
) -> None:
    item = migration(FILL, atomic=False)
    run(tables, item)
    with tables.schema_editor(atomic=False) as editor:
        item.unapply(before(), editor)
    assert blank.query("SELECT DISTINCT rating FROM music_album") == [(6,)]


def test_backfill_in_a_transaction__is_refused(tables: BaseDatabaseWrapper) -> None:
    with pytest.raises(NotSupportedError) as error:
        run(tables, migration(FILL))
    assert str(error.value) == (
        "The Backfill operation cannot be executed inside a transaction "
        "(set atomic = False on the migration)."
    )
