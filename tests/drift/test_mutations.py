"""Whatever happens to the schema is found, and the repair script puts it right.

One mutation of each kind in the suite; `make test-drift` runs many.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from config.drift.comparison import Comparison, Finding, verify
from config.drift.difference import KIND_CODES
from config.drift.repair import Statement
from config.postgres.catalog import Catalog
from tests.drift.conftest import Verify
from tests.drift.kinds import KINDS
from tests.drift.mutations import LIMIT, OLDEST, Kind, Mutation

REPAIRED = [kind for kind in KINDS if not kind.no_repair]
UNREPAIRED = [kind for kind in KINDS if kind.no_repair]


@pytest.mark.parametrize("kind", REPAIRED, ids=str)
def test_mutation__is_found_and_settled_by_the_script(
    kind: Kind, verify_live: Verify, subtests: pytest.Subtests
) -> None:
    for mutation in mutations(kind):
        with subtests.test(mutation.sql), rolled_back():
            run(mutation.sql)
            result = verify(connection) if LIMIT != 1 else verify_live()
            assert reports(result, kind, mutation)
            with rolled_back():
                safe = [statement for statement in result.script() if not statement.destructive]
                run(*safe)
                assert tables(verify_live().findings) <= tables(destroying(result))
            if destroying(result):
                run(*result.script())
                assert verify_live().findings == []


@pytest.mark.parametrize("kind", UNREPAIRED, ids=str)
def test_mutation_that_no_statement_undoes__is_found_without_a_repair(
    kind: Kind, verify_live: Verify, subtests: pytest.Subtests
) -> None:
    for mutation in mutations(kind):
        with subtests.test(mutation.sql), rolled_back():
            run(mutation.sql)
            found = reports(verify_live(), kind, mutation)
            assert [finding.repairs for finding in found] == [[]]


def test_attribute_that_is_compared__has_kinds_of_mutations(expected: Catalog) -> None:
    compared = {attribute for attributes in expected.values() for attribute in attributes}
    mutated = {kind.finding.partition(" ")[2] for kind in KINDS}
    assert compared - mutated == {"partition key"}  # a table that has one is of another kind


def test_code__has_kinds_of_mutations() -> None:
    mutated = {kind.finding[2:4] for kind in KINDS}
    assert {kind for kind, code in KIND_CODES.items() if code not in mutated} == {
        "extension",
        "setting",
    }


def mutations(kind: Kind) -> Iterable[Mutation]:
    found = list(kind.mutations(connection, LIMIT))
    if kind.since > OLDEST and not found:
        pytest.skip(f"PostgreSQL {kind.since} is the first that knows it.")
    assert found
    return found


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def run(*statements: str | Statement) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement if isinstance(statement, str) else statement.sql)


def reports(result: Comparison, kind: Kind, mutation: Mutation) -> list[Finding]:
    """The findings that say what the mutation did."""
    return [
        finding
        for finding in result.findings
        if re.fullmatch(kind.finding, f"{finding.drift.code} {finding.drift.attribute}".rstrip())
        and str(finding.drift.key) == mutation.object
    ]


def destroying(result: Comparison) -> list[Finding]:
    """The findings whose repairs are left to somebody."""
    return [
        finding
        for finding in result.findings
        if any(statement.destructive for statement in finding.repairs)
    ]


def tables(findings: Iterable[Finding]) -> set[str]:
    return {finding.drift.key.table or finding.drift.key.name for finding in findings}
