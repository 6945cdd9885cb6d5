"""The disk usage of tables while other sessions drop them."""

from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from config.admin_pages.disk_usage import read_disk_usage
from config.postgres.catalog import read_schema
from tests.migrating.sessions import session
from tests.support.migrations import new_database, run_sql


def test_table_dropped_meanwhile__has_no_disk_usage(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), new_database():
        run_sql("CREATE TABLE kept (); CREATE TABLE dropped ()")
        with session() as other, transaction.atomic():
            run_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            found = read_schema(connection)
            other.execute("DROP TABLE dropped")
            assert set(read_disk_usage(found)) == {"kept"}
