"""Every constraint refuses, by its own name, SQL that breaks it; none is without such a test."""

from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection

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
    *(unique(f"{table}_pkey", factory, key_of(factory)) for table, factory in FACTORIES.items()),
    *(
        Rule(
            key.name,
            FACTORIES[key.table],
            refused=[f"{key.column} = gen_random_uuid()"],
            state=key.state,
        )
        for key in FOREIGN_KEYS
    ),
    *(finite(table, factory) for table, factory in FACTORIES.items()),
]
REFUSED: list[Any] = [
    pytest.param(rule, assignments, id=f"{rule.constraint}: {assignments}")
    for rule in RULES
    for assignments in rule.refused
]
ACCEPTED: list[Any] = [
    pytest.param(rule, assignments, id=f"{rule.constraint}: {assignments}")
    for rule in RULES
    for assignments in rule.accepted
]

CONSTRAINTS = """
SELECT conname FROM pg_constraint
 WHERE conrelid = ANY (%(tables)s::regclass[]) AND contype <> 'n'
UNION
SELECT indexrelid::regclass::text FROM pg_index
 WHERE indrelid = ANY (%(tables)s::regclass[]) AND indisunique
"""


@pytest.mark.django_db
@pytest.mark.parametrize(("rule", "assignments"), REFUSED)
def test_update_that_breaks_a_constraint__is_refused_by_its_name(
    rule: Rule, assignments: str
) -> None:
    with pytest.raises(IntegrityError) as refusal:
        rule.update(assignments)
    assert violated_constraint(refusal.value) == rule.constraint


@pytest.mark.django_db
@pytest.mark.parametrize(("rule", "assignments"), ACCEPTED)
def test_update_just_within_a_constraint__is_accepted(rule: Rule, assignments: str) -> None:
    rule.update(assignments)


@pytest.mark.django_db
def test_constraints_of_the_database__each_has_a_rule_here() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CONSTRAINTS, {"tables": list(COLUMNS)})
        names = {name for (name,) in cursor.fetchall()}
    assert {rule.constraint for rule in RULES if rule.refused} == names


def violated_constraint(error: IntegrityError) -> str | None:
    assert isinstance(error.__cause__, psycopg.IntegrityError)
    return error.__cause__.diag.constraint_name
