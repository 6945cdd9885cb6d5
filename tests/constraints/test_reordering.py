"""Positions are checked at the end of a statement, so that one statement can reorder rows."""

from typing import Any

import pytest
from factory.django import DjangoModelFactory

from tests.factories import (
    CourseFactory,
    CourseModuleFactory,
    LessonFactory,
    QuestionFactory,
    QuizFactory,
)
from tests.support.migrations import run_sql


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("parent_factory", "factory", "parent"),
    [
        (CourseFactory, CourseModuleFactory, "course"),
        (CourseModuleFactory, LessonFactory, "module"),
        (QuizFactory, QuestionFactory, "quiz"),
    ],
)
def test_sql_update_that_moves_all_rows_of_a_parent__is_accepted(
    parent_factory: type[DjangoModelFactory[Any]],
    factory: type[DjangoModelFactory[Any]],
    parent: str,
) -> None:
    owner = parent_factory.create()
    rows = [factory.create(**{parent: owner, "order_number": number}) for number in (1, 2, 3)]
    table = rows[0]._meta.db_table
    run_sql(f"UPDATE {table} SET order_number = order_number % 3 + 1")
    for row in rows:
        row.refresh_from_db()
    assert [row.order_number for row in rows] == [2, 3, 1]
