"""SQL statements that distributed models and querysets send, on a single server."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import NotSupportedError, connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from notifications.models import Notification
from tests.factories import NotificationFactory, UserFactory
from tests.support.migrations import run_sql
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def notification() -> Notification:
    return NotificationFactory.create()


def test_save__finds_the_row_by_its_distribution_column(notification: Notification) -> None:
    with CaptureQueriesContext(connection) as queries:
        notification.save()
    [update] = [query["sql"] for query in queries]
    assignments, condition = update.removeprefix("UPDATE").split(" WHERE ")
    assert '"recipient_id" =' not in assignments
    column = f'"notifications"."recipient_id" = \'{notification.recipient_id.hex}\'::uuid'
    key = f'"notifications"."id" = \'{notification.pk.hex}\'::uuid'
    assert condition.startswith(f"({column} AND {key})")


@pytest.mark.parametrize("fields", [None, ["recipient"]], ids=["with others", "alone"])
def test_save_of_a_changed_distribution_column__moves_the_row(
    notification: Notification, fields: list[str] | None
) -> None:
    notification.recipient = UserFactory.create()
    notification.save(update_fields=fields)
    assert Notification.objects.get().recipient == notification.recipient


def test_save_of_the_distribution_column_of_a_deleted_row__fails(
    notification: Notification,
) -> None:
    Notification.objects.all().delete()
    with pytest.raises(Notification.NotUpdated):
        notification.save(update_fields=["recipient"])


def test_save_of_a_deleted_row__inserts_it(notification: Notification) -> None:
    Notification.objects.all().delete()
    notification.save()
    assert Notification.objects.get() == notification


def test_save_without_the_distribution_column__updates_in_one_query(
    notification: Notification,
) -> None:
    row = Notification.objects.only("title").get()
    row.title = "another"
    with CaptureQueriesContext(connection) as queries:
        row.save()
    assert len(queries) == 1
    assert Notification.objects.get().title == "another"


def test_save_of_another_title_after_a_changed_distribution_column__keeps_that_column(
    notification: Notification,
) -> None:
    recipient = notification.recipient
    notification.recipient, notification.title = UserFactory.create(), "another"
    notification.save(update_fields=["title"])
    saved = Notification.objects.get()
    assert (saved.recipient, saved.title) == (recipient, "another")


def test_refresh__finds_the_row_by_its_distribution_column(notification: Notification) -> None:
    with CaptureQueriesContext(connection) as queries:
        notification.refresh_from_db()
    [query] = [query["sql"] for query in queries]
    assert f"\"recipient_id\" = '{notification.recipient_id.hex}'::uuid" in query


def test_refresh_after_a_changed_distribution_column__restores_it(
    notification: Notification,
) -> None:
    recipient: User = notification.recipient
    notification.recipient = UserFactory.create()
    notification.refresh_from_db()
    assert notification.recipient == recipient


def test_refresh_of_a_deleted_row__fails(notification: Notification) -> None:
    Notification.objects.all().delete()
    with pytest.raises(Notification.DoesNotExist):
        notification.refresh_from_db()


def test_delete__finds_the_row_by_its_distribution_column(notification: Notification) -> None:
    recipient = notification.recipient_id.hex
    with CaptureQueriesContext(connection) as queries:
        assert notification.delete() == (1, {"notifications.Notification": 1})
    [query] = [query["sql"] for query in queries]
    assert f"\"recipient_id\" = '{recipient}'::uuid" in query
    assert notification.pk is None


def test_delete_after_a_changed_distribution_column__deletes(notification: Notification) -> None:
    notification.recipient = UserFactory.create()
    notification.delete()
    assert not Notification.objects.exists()


def test_delete_of_a_deleted_row__deletes_nothing(notification: Notification) -> None:
    Notification.objects.all().delete()
    assert notification.delete() == (0, {"notifications.Notification": 0})


def test_deferred_distribution_column__is_read_once(notification: Notification) -> None:
    row = Notification.objects.only("title").get()
    with CaptureQueriesContext(connection) as queries:
        assert row.recipient_id == notification.recipient_id
    assert len(queries) == 1


def test_get_of_a_locked_row__is_one_query(notification: Notification) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert Notification.objects.select_for_update().get(pk=notification.pk) == notification
    assert len(queries) == 1


@pytest.fixture
def spread(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Lock rows as on a cluster; return the sorted keys of three rows."""
    monkeypatch.setattr(
        "config.postgres.citus.distributed_queryset.is_distributed", lambda *_: True
    )
    return sorted(row.pk for row in NotificationFactory.create_batch(3))


LOCKING: dict[str, Callable[[QuerySet[Notification]], list[Any]]] = {
    "rows": lambda rows: [row.pk for row in rows],
    "values": lambda rows: [row["pk"] for row in rows.values("pk", "title")],
    "list of values": lambda rows: list(rows.values_list("pk", flat=True)),
    "iterator": lambda rows: [row.pk for row in rows.iterator()],
    "iterator of values": lambda rows: list(rows.values_list("pk", flat=True).iterator()),
}


@pytest.mark.parametrize("kind", LOCKING)
def test_locked_rows_on_cluster__are_in_order(kind: str, spread: list[Any]) -> None:
    rows = Notification.objects.order_by("-pk").select_for_update()
    with CaptureQueriesContext(connection) as queries:
        assert LOCKING[kind](rows[1:]) == [spread[1], spread[0]]
    locks = [query["sql"] for query in queries if "FOR UPDATE" in query["sql"]]
    assert len(locks) == 2
    assert all('"recipient_id" = ' in sql for sql in locks)


def test_exists_of_locked_rows_on_cluster__locks_one_row(spread: list[Any]) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert Notification.objects.select_for_update().exists()
    assert [query["sql"].endswith("FOR UPDATE") for query in queries] == [False, True]
    assert not Notification.objects.filter(title="").select_for_update().exists()


@pytest.mark.django_db(transaction=True)
def test_skipped_rows_on_cluster__are_replaced_by_later_ones(spread: list[Any]) -> None:
    free = Notification.objects.order_by("pk").select_for_update(skip_locked=True)
    with psycopg.connect(**connection.get_connection_params()) as other, transaction.atomic():
        other.execute("SELECT FROM notifications WHERE id = %s FOR UPDATE", [spread[0]])
        assert [row.pk for row in free[:2]] == spread[1:]
        assert list(free[:1].values_list("pk", flat=True)) == spread[1:2]
        assert [row.pk for row in free[:4]] == spread[1:]


REFUSED = {
    User: "Rows of users cannot be locked by a query that also reads a table whose rows are "
    "distributed over the cluster. Read the keys of the rows first, and lock the rows by key.",
    Notification: "Rows of notifications cannot be locked by a query that reads several servers of "
    "the cluster. Filter the query by one value of recipient_id.",
}


@pytest.mark.parametrize("model", REFUSED)
def test_lock_that_citus_refuses__names_the_next_step(model: Any) -> None:
    def refuse(*_: Any) -> None:
        raise NotSupportedError("could not run distributed query with FOR UPDATE/SHARE commands")

    with connection.execute_wrapper(refuse), pytest.raises(NotSupportedError) as refusal:
        list(model._base_manager.select_for_update())
    assert str(refusal.value) == REFUSED[model]


def test_subquery_that_citus_refuses__names_the_next_step() -> None:
    def refuse(*_: Any) -> None:
        raise NotSupportedError(
            "correlated subqueries are not supported when the FROM clause contains a reference"
            " table"
        )

    with connection.execute_wrapper(refuse), pytest.raises(NotSupportedError) as refusal:
        list(User.objects.all())
    assert str(refusal.value) == (
        "Exists() and OuterRef() cannot compare rows of users with rows that are distributed "
        "over the cluster. Use pk__in with a subquery without OuterRef() instead."
    )


def test_lock_that_postgresql_refuses__raises_the_error_of_postgresql() -> None:
    with pytest.raises(NotSupportedError, match="FOR UPDATE is not allowed with DISTINCT"):
        list(User.objects.distinct().select_for_update())


CLUSTER_KEY = """SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE notifications DROP CONSTRAINT notifications_pkey, ADD PRIMARY KEY (recipient_id, id)"""


def test_upsert_on_cluster__finds_the_row_by_the_primary_key_of_the_cluster(
    spread: list[Any],
) -> None:
    run_sql(CLUSTER_KEY)
    row = Notification.objects.all()[0]
    row.title = "another"
    Notification.objects.bulk_create(
        [row], update_conflicts=True, update_fields=["title"], unique_fields=["pk"]
    )
    assert Notification.objects.get(pk=row.pk).title == "another"
