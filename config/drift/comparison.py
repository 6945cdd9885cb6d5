"""The steps of a comparison: read both schemas, find the differences, and find their repairs."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import Error, InternalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.drift.difference import Drift, differences
from config.drift.expected import read_expected
from config.drift.expected_partitions import with_partitions
from config.drift.live_schema import read_transaction
from config.drift.migration_effects import OperationEffect, read_effects
from config.drift.migration_objects import with_migration_objects
from config.drift.migration_records import check_ledger, load_migrations
from config.drift.other_schemas import read_other_tables, remove_from_search_path, with_other_tables
from config.drift.repair import Statement, ordered, repairs
from config.drift.scope import (
    App,
    belongs_to,
    is_ignored,
    read_apps,
    sorted_drifts,
    unmatched_patterns,
)
from config.postgres import LEDGER, execute
from config.postgres.catalog import (
    Attributes,
    Catalog,
    Key,
    Schema,
    read_needed,
    read_owners,
    read_shadows,
    read_with_members,
    without_members,
)
from config.postgres.citus import Layout, declared_layout, on_cluster, read_layout, with_layout

SHADOWED = "schema that the search path finds"
"""The attribute that differs if the search path finds another object of the same name first."""

type Expectation = Callable[[BaseDatabaseWrapper], Catalog]


@dataclass(frozen=True)
class Finding:
    """A drift, and the statements that repair it, if there are any."""

    drift: Drift
    repairs: Sequence[Statement]


@dataclass(frozen=True)
class Comparison:
    """The expected and the live schema, and the differences between them."""

    schema: Schema
    apps: Sequence[App]
    app_labels: Collection[str]
    """The apps to which the comparison is limited. Empty for all apps."""
    expected: Catalog
    live: Catalog
    findings: Sequence[Finding]
    ignored: int
    """The number of differences that VERIFY_SCHEMA_IGNORE allows."""

    def script(self) -> list[Statement]:
        """Return all repairs, in the order in which PostgreSQL accepts them."""
        return ordered(statement for finding in self.findings for statement in finding.repairs)


@dataclass(frozen=True)
class _SchemaPair:
    """Both schemas and all their differences, including those that will be ignored."""

    schema: Schema
    expected: Catalog
    live: Catalog
    drifts: Sequence[Drift]


@dataclass(frozen=True)
class _Ledger:
    """The drift of the migration records, and the effects of the recorded migrations."""

    drifts: Sequence[Drift]
    effects: Sequence[OperationEffect]


def verify(
    connection: BaseDatabaseWrapper,
    expectation: Expectation = read_expected,
    app_labels: Collection[str] = (),
    ignored: Collection[str] = (),
) -> Comparison:
    """Compare the live schema with the expected schema, without changing the database.

    `expectation` returns the expected schema. By default, PostgreSQL creates it from the models in
    a transaction that is rolled back. `app_labels` limits the comparison to the tables, types and
    migrations of these apps. Objects whose name matches one of the `ignored` patterns may differ.
    Raise django.db.Error or CatalogError if the schemas cannot be compared.
    """
    try:
        schemas = _read_schemas(connection, expectation)
    except InternalError:  # another session dropped an object while it was read
        schemas = _read_schemas(connection, expectation)
    compared = [app for app in read_apps() if not app_labels or app.label in app_labels]
    expected, drifts = schemas.expected, list(schemas.drifts)
    if app_labels:
        expected = {key: expected[key] for key in expected if belongs_to(key, compared)}
        drifts = [drift for drift in drifts if belongs_to(drift.key, compared)]
    reported = [drift for drift in drifts if not is_ignored(drift.key, ignored)]
    allowed = len(drifts) - len(reported)
    if not app_labels:
        reported += unmatched_patterns(drifts, ignored)
    reported = sorted_drifts(reported, compared)
    findings = list(map(Finding, reported, repairs(reported, schemas.expected, schemas.live)))
    return Comparison(
        schemas.schema, compared, set(app_labels), expected, schemas.live, findings, allowed
    )


def _read_schemas(connection: BaseDatabaseWrapper, expectation: Expectation) -> _SchemaPair:
    with read_transaction(connection) as schema:
        ledger = _read_ledger(connection)
        shadows = read_shadows(connection, schema)
        _put_first_in_search_path(connection, schema)
        owners = read_owners(connection, schema)
        expected = expectation(connection)
        live = _read_live(connection, schema, expected)
        if not isinstance(ledger, Error):
            expected = with_migration_objects(expected, live, ledger.effects, schema.name)
        expected = _with_needed_objects(connection, schema, expected)
        expected, live = with_partitions(expected, live, schema.name)
        expected, live = _with_layouts(connection, schema, expected, live)
    drifts = [
        *differences(expected, live),
        *_shadowed_objects(expected, schema, shadows),
        *_differing_owners(expected, owners),
    ]
    if not isinstance(ledger, Error):
        drifts += ledger.drifts
    elif not any(LEDGER in (drift.key.name, drift.key.table) for drift in drifts):
        raise ledger
    return _SchemaPair(schema, expected, live, drifts)


def _read_live(connection: BaseDatabaseWrapper, schema: Schema, expected: Catalog) -> Catalog:
    """Return the live schema with the tables of other schemas that models name."""
    others = read_other_tables(connection, schema)
    remove_from_search_path(connection, schema, others)
    tables = [key.name for key in expected if key.kind == "table"]
    live = read_with_members(connection, schema.oid, tables)
    live = with_other_tables(connection, live, schema, others)
    return without_members(live, ours=expected)


def _with_needed_objects(
    connection: BaseDatabaseWrapper, schema: Schema, expected: Catalog
) -> dict[Key, Attributes]:
    """Return `expected` with the objects that unmanaged tables and views depend on.

    The models do not describe these tables and views, so they have no attributes in `expected`.
    """
    relations = [k.name for k in expected if k.kind in ("table", "view") and not expected[k]]
    needed = read_needed(connection, schema, schema.oid, relations)
    return {**{key: {} for key in needed}, **expected}


def _with_layouts(
    connection: BaseDatabaseWrapper, schema: Schema, expected: Catalog, live: Catalog
) -> tuple[Catalog, Catalog]:
    """Return both catalogs, with the placements of tables if a declared table is distributed."""
    layout, declared = read_layout(connection, schema), declared_layout()
    if not layout.keys() & declared.keys():
        return expected, live
    expected = with_layout(on_cluster(expected, declared, live), declared)
    return expected, with_layout(live, _without_undeclared(layout, expected))


def _without_undeclared(layout: Layout, expected: Catalog) -> Layout:
    """Return the layout without the tables whose models declare no placement."""
    undeclared = {
        key.name
        for key in expected
        if key.kind == "table" and expected[key].get("placement") is None
    }
    return {name: layout[name] for name in layout if name not in undeclared}


def _read_ledger(connection: BaseDatabaseWrapper) -> _Ledger | Error:
    """Return the ledger, or the error if its table of migration records cannot be read."""
    try:
        with transaction.atomic(using=connection.alias):
            loader = load_migrations(connection)
            drifts = list(check_ledger(loader, connection))
            return _Ledger(drifts, read_effects(loader, connection))
    except Error as error:
        return error


def _put_first_in_search_path(connection: BaseDatabaseWrapper, schema: Schema) -> None:
    """Put the schema first in the search path, so that PostgreSQL prints names without a schema."""
    execute(
        connection,
        "SELECT set_config('search_path', concat_ws(', ', quote_ident(%s), nullif(%s, '')), true)",
        [schema.name, schema.search_path],
    )


def _shadowed_objects(
    expected: Catalog, schema: Schema, shadows: Mapping[Key, str]
) -> Iterator[Drift]:
    for key, other in sorted(shadows.items()):
        if key in expected:
            yield Drift(key, "different", SHADOWED, schema.name, other)


def _differing_owners(expected: Catalog, owners: Mapping[Key, str]) -> Iterator[Drift]:
    """Yield a drift for each object whose owner differs from the most common owner."""
    ours = {key: owner for key, owner in sorted(owners.items()) if key in expected}
    if ours:
        [(usual, _)] = Counter(ours.values()).most_common(1)
        for key, owner in ours.items():
            if owner != usual:
                yield Drift(key, "different", "owner", usual, owner)
