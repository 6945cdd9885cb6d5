"""The comparison of the live schema with the models."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import Error, InternalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.drift.difference import Drift, differences
from config.drift.expected import read_expected
from config.drift.history import read_steps
from config.drift.ledger import check_ledger
from config.drift.live import reading
from config.drift.made import with_made
from config.drift.partitions import with_partitions
from config.drift.repair import Statement, ordered, repairs
from config.drift.schemas import hide, read_other_tables, with_other_tables
from config.drift.scope import App, belongs_to, in_order, is_ignored, read_apps, unmatched
from config.postgres import LEDGER
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
"""The attribute that differs if the search path finds another object of this name first."""

type Expectation = Callable[[BaseDatabaseWrapper], Catalog]


@dataclass(frozen=True)
class Finding:
    """A drift, and the statements that repair it, if any can."""

    drift: Drift
    repairs: Sequence[Statement]


@dataclass(frozen=True)
class Comparison:
    """The compared schemas, and how they differ."""

    schema: Schema
    apps: Sequence[App]
    app_labels: Collection[str]
    """The apps that the comparison was limited to; empty if it was not."""
    expected: Catalog
    live: Catalog
    findings: Sequence[Finding]
    ignored: int
    """The number of differences that the setting allows."""

    def script(self) -> list[Statement]:
        """Return all repairs, in an order that works."""
        return ordered(statement for finding in self.findings for statement in finding.repairs)


@dataclass(frozen=True)
class _Both:
    """The expected and the live schema, with all their differences."""

    schema: Schema
    expected: Catalog
    live: Catalog
    drifts: Sequence[Drift]


def verify(
    connection: BaseDatabaseWrapper,
    expectation: Expectation = read_expected,
    app_labels: Collection[str] = (),
    ignored: Collection[str] = (),
) -> Comparison:
    """Compare the live schema with the expectation, and leave no trace in the database.

    By default, PostgreSQL makes the expectation from the models. `app_labels` limits the comparison
    to the tables, types and migrations of these apps, and excludes what belongs to no app. Objects
    whose name matches one of the `ignored` patterns may differ.
    Raise django.db.Error or CatalogError if the two cannot be compared.
    """
    try:
        both = _read_both(connection, expectation)
    except InternalError:  # another session has dropped an object that was about to be read
        both = _read_both(connection, expectation)
    compared = [app for app in read_apps() if not app_labels or app.label in app_labels]
    expected, drifts = both.expected, list(both.drifts)
    if app_labels:
        expected = {key: expected[key] for key in expected if belongs_to(key, compared)}
        drifts = [drift for drift in drifts if belongs_to(drift.key, compared)]
    kept = [drift for drift in drifts if not is_ignored(drift.key, ignored)]
    allowed = len(drifts) - len(kept)
    if not app_labels:
        kept += unmatched(drifts, ignored)
    kept = in_order(kept, compared)
    findings = list(map(Finding, kept, repairs(kept, both.expected, both.live)))
    return Comparison(
        both.schema, compared, set(app_labels), expected, both.live, findings, allowed
    )


def _read_both(connection: BaseDatabaseWrapper, expectation: Expectation) -> _Both:
    with reading(connection) as schema:
        ledger = _read_ledger(connection)
        shadows = read_shadows(connection, schema)
        _put_first(connection, schema)
        owners = read_owners(connection, schema)
        expected = expectation(connection)
        others = read_other_tables(connection, schema)
        hide(connection, schema, others)
        tables = [key.name for key in expected if key.kind == "table"]
        live = read_with_members(connection, schema.oid, tables)
        live = with_other_tables(connection, live, schema, others)
        live = without_members(live, ours=expected)
        if not isinstance(ledger, Error):
            expected = with_made(expected, live, read_steps(connection), schema.name)
        expected = _with_needed(connection, schema, expected)
        expected, live = with_partitions(expected, live, schema.name)
        layout, declared = read_layout(connection, schema), declared_layout()
        if layout.keys() & declared.keys():
            expected = with_layout(on_cluster(expected, declared, live), declared)
            live = with_layout(live, _compared(layout, expected))
    drifts = [
        *differences(expected, live),
        *_shadowed(expected, schema, shadows),
        *_of_other_owners(expected, owners),
    ]
    if not isinstance(ledger, Error):
        drifts += ledger
    elif not any(LEDGER in (drift.key.name, drift.key.table) for drift in drifts):
        raise ledger
    return _Both(schema, expected, live, drifts)


def _with_needed(
    connection: BaseDatabaseWrapper, schema: Schema, expected: Catalog
) -> dict[Key, Attributes]:
    """Return the expected catalog with what the objects need that are expected as they are."""
    relations = [k.name for k in expected if k.kind in ("table", "view") and not expected[k]]
    needed = read_needed(connection, schema, schema.oid, relations)
    return {**{key: {} for key in needed}, **expected}


def _compared(layout: Layout, expected: Catalog) -> Layout:
    """Return the layout without the tables of models that do not declare where they are."""
    return {
        name: placement
        for name, placement in layout.items()
        if expected.get(Key("table", "", name), {"placement": ""}).get("placement") is not None
    }


def _read_ledger(connection: BaseDatabaseWrapper) -> list[Drift] | Error:
    """Return the ledger's drift, or the error that reading it raised: its table may drift, too."""
    try:
        with transaction.atomic(using=connection.alias):
            return list(check_ledger(connection))
    except Error as error:
        return error


def _put_first(connection: BaseDatabaseWrapper, schema: Schema) -> None:
    """Put the schema first in the search path, so that names in it are rendered without it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('search_path',"
            " concat_ws(', ', quote_ident(%s), nullif(%s, '')), true)",
            [schema.name, schema.search_path],
        )


def _shadowed(expected: Catalog, schema: Schema, shadows: Mapping[Key, str]) -> Iterator[Drift]:
    for key, other in sorted(shadows.items()):
        if key in expected:
            yield Drift(key, "different", SHADOWED, schema.name, other)


def _of_other_owners(expected: Catalog, owners: Mapping[Key, str]) -> Iterator[Drift]:
    """Yield the objects whose owner is not the most common one, since it cannot alter them."""
    ours = {key: owner for key, owner in sorted(owners.items()) if key in expected}
    if ours:
        [(usual, _)] = Counter(ours.values()).most_common(1)
        for key, owner in ours.items():
            if owner != usual:
                yield Drift(key, "different", "owner", usual, owner)
