"""Drift of each kind, which verify_schema finds and its script repairs.

The suite runs one mutation of each kind, in a database of few tables. `make test-drift` runs many
mutations, in a database of all tables.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import translation
from pytest_django import DjangoDbBlocker

from config.drift import comparison, migration_records
from config.drift.comparison import Comparison, Finding, verify
from config.drift.difference import KIND_CODES
from config.drift.expected import read_expected
from config.postgres.catalog import Catalog
from tests.drift.conftest import Verify, loading_only_records, run_script
from tests.drift.kinds import KINDS
from tests.drift.mutations import LIMIT, OLDEST, Kind, Mutation
from tests.drift.partition_kinds import PARTITION_KINDS
from tests.support.lab import Lab
from tests.support.migrations import new_default_database, run_sql

REPAIRED = [kind for kind in KINDS if not kind.no_repair]
UNREPAIRED = [kind for kind in KINDS if kind.no_repair]

# A model with the kinds of objects that the other tables lack.
ITEM = """
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector

class Item(models.Model):
    name = models.TextField()
    width, height = models.IntegerField(), models.IntegerField()
    area = models.GeneratedField(
        expression=models.F("width") * models.F("height"),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    class Meta:
        indexes = [
            models.Index("width", "height", name="item_size_idx"),
            models.Index("name", condition=models.Q(width__gt=1), name="item_wide_idx"),
            GinIndex(SearchVector("name", config="english"), name="item_search_idx"),
        ]
        constraints = [
            models.UniqueConstraint("name", condition=models.Q(height=1), name="item_flat_uniq"),
        ]
"""


@pytest.fixture(scope="module")
def few_tables(
    expected: Catalog,
    few_apps: str,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[tuple[Catalog, MigrationLoader]]:
    """Let "default" be a database of few tables; yield its expected schema and its migrations.

    The fixture requests `expected` to have it read while all apps are installed.
    """
    lab = Lab(tmp_path_factory.mktemp("lab"))
    with django_db_blocker.unblock(), new_default_database(few_apps), lab.installed():
        lab.write_models(ITEM)
        lab.migrate()
        run_sql("TRUNCATE django_content_type CASCADE")  # no repair restores its rows
        yield read_expected(connection), migration_records.load_migrations(connection)


if LIMIT == 1:

    @pytest.fixture
    def verify_live(
        few_tables: tuple[Catalog, MigrationLoader], monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Verify]:
        """Yield a function that compares the database of few tables with its expected schema."""
        expected, loader = few_tables
        monkeypatch.setattr(migration_records, "_unmigrated", lambda loader: [])
        monkeypatch.setattr(comparison, "load_migrations", loading_only_records(loader))
        with translation.override(None):
            yield partial(verify, connection, lambda connection: expected)


@pytest.mark.parametrize("kind", REPAIRED, ids=str)
def test_mutation__found_and_repaired_by_the_script(
    kind: Kind, verify_live: Verify, subtests: pytest.Subtests
) -> None:
    for mutation in mutations(kind):
        with subtests.test(mutation.sql), rolled_back():
            run_sql(mutation.sql)
            result = verify(connection) if LIMIT != 1 else verify_live()
            assert reports(result, kind, mutation)
            with rolled_back():
                safe = [statement for statement in result.script() if not statement.destructive]
                run_script(safe)
                left = verify_live() if safe else result
                assert tables(left.findings) <= tables(destroying(result))
            if destroying(result):
                run_script(result.script())
                assert verify_live().findings == []


@pytest.mark.parametrize("kind", UNREPAIRED, ids=str)
def test_mutation_that_no_statement_repairs__found_without_a_repair(
    kind: Kind, verify_live: Verify, subtests: pytest.Subtests
) -> None:
    for mutation in mutations(kind):
        with subtests.test(mutation.sql), rolled_back():
            run_sql(mutation.sql)
            found = reports(verify_live(), kind, mutation)
            assert [finding.repairs for finding in found] == [[]]


def test_compared_attributes__each_has_a_kind_of_mutation(expected: Catalog) -> None:
    compared = {
        attribute
        for key, attributes in expected.items()
        if key.kind != "partition"  # a partition has an attribute for each of its parts
        for attribute in attributes
    }
    mutated = {kind.finding.partition(" ")[2] for kind in KINDS}
    mutated |= {drift.split(" ", 2)[-1] for kind in PARTITION_KINDS for drift in kind.findings}
    assert compared - mutated == set()


def test_codes__each_has_a_kind_of_mutation() -> None:
    mutated = {kind.finding[2:4] for kind in KINDS}
    mutated |= {finding[2:4] for kind in PARTITION_KINDS for finding in kind.findings}
    assert {kind for kind, code in KIND_CODES.items() if code not in mutated} == {
        "extension",
        "setting",
    }


def mutations(kind: Kind) -> Iterable[Mutation]:
    found = list(kind.mutations(connection, LIMIT))
    if kind.since > OLDEST and not found:
        pytest.skip(f"PostgreSQL {kind.since} is the first version that has it.")
    assert found
    return found


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def reports(result: Comparison, kind: Kind, mutation: Mutation) -> list[Finding]:
    """Return the findings that report the mutation."""
    return [
        finding
        for finding in result.findings
        if re.fullmatch(kind.finding, f"{finding.drift.code} {finding.drift.attribute}".rstrip())
        and str(finding.drift.key) == mutation.object
    ]


def destroying(result: Comparison) -> list[Finding]:
    """Return the findings with a destructive repair, which an administrator must decide on."""
    return [
        finding
        for finding in result.findings
        if any(statement.destructive for statement in finding.repairs)
    ]


def tables(findings: Iterable[Finding]) -> set[str]:
    return {finding.drift.key.table or finding.drift.key.name for finding in findings}
