"""Rules that test each constraint with updates that it allows and refuses."""

from itertools import groupby
from typing import Any

import pytest
from django.db import connection

from tests.constraints import (
    analytics,
    assessments,
    communication,
    courses,
    enrollments,
    notifications,
    payments,
    users,
)
from tests.constraints.rules import Rule, finite, key_of, unique
from tests.factories import FACTORIES
from tests.support.contract import COLUMNS, FOREIGN_KEYS

RULES = [
    *users.RULES,
    *courses.RULES,
    *enrollments.RULES,
    *assessments.RULES,
    *communication.RULES,
    *notifications.RULES,
    *analytics.RULES,
    *payments.RULES,
    *(unique(f"{table}_pkey", key_of(table)) for table in FACTORIES),
    *(
        Rule(
            key.name,
            refused=[f"{key.column} = gen_random_uuid()"],
            state=key.state,
        )
        for key in FOREIGN_KEYS
    ),
    *map(finite, FACTORIES),
]
CONSTRAINTS = """
SELECT conname FROM pg_constraint
 WHERE conrelid = ANY (%(tables)s::regclass[]) AND contype <> 'n'
UNION
SELECT indexrelid::regclass::text FROM pg_index
 WHERE indrelid = ANY (%(tables)s::regclass[]) AND indisunique
"""


ROWS = [rows for rows, _ in groupby(sorted((rule.rows for rule in RULES), key=str))]


@pytest.mark.django_db
@pytest.mark.parametrize(("table", "state"), ROWS, ids=str)
def test_constraints__refuse_only_updates_that_violate_them(
    table: str, state: dict[str, Any], subtests: pytest.Subtests
) -> None:
    row, other = FACTORIES[table].create_batch(2, **state)
    for rule in RULES:
        if rule.rows == (table, state):
            with subtests.test(rule.constraint):
                assert rule.outcomes(row, other) == rule.expected


@pytest.mark.django_db
def test_constraints_of_the_database__each_has_a_rule_here() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CONSTRAINTS, {"tables": list(COLUMNS)})
        names = {name for (name,) in cursor.fetchall()}
    assert {rule.constraint for rule in RULES if rule.refused} == names
