"""Foreign keys act in the database, so that a SQL DELETE has the same effect as the ORM."""

from typing import Any, cast

import pytest
from django.db import connection

from tests.constraints.rules import key_of
from tests.factories import FACTORIES
from tests.support.contract import FOREIGN_KEYS, ForeignKey


def delete_parent(key: ForeignKey) -> list[tuple[Any]]:
    """Delete the parent of a row, and return the column of the row if the row still exists."""
    factory = FACTORIES[key.table]
    row = factory.create(**key.state)
    parent = FACTORIES[key.parent].create()
    key_column = key_of(key.table)
    row_id = parent.pk if key.column == key_column else row.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {key.table} SET {key.column} = %s WHERE {key_column} = %s",
            [parent.pk, row.pk],
        )
        cursor.execute(f"DELETE FROM {key.parent} WHERE id = %s", [parent.pk])
        cursor.execute(
            f"SELECT {key.column} FROM {key.table} WHERE {key_column} = %s",
            [row_id],
        )
        return cast(list[tuple[Any]], cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key", [key for key in FOREIGN_KEYS if key.on_delete == "CASCADE"], ids=lambda key: key.name
)
def test_sql_delete_of_the_parent_of_a_cascading_key__deletes_the_row(key: ForeignKey) -> None:
    assert delete_parent(key) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key", [key for key in FOREIGN_KEYS if key.on_delete == "SET NULL"], ids=lambda key: key.name
)
def test_sql_delete_of_the_parent_of_a_nulling_key__keeps_the_row(key: ForeignKey) -> None:
    assert delete_parent(key) == [(None,)]
