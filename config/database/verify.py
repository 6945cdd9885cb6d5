"""Compare the live schema with what the models say that it should be."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.apps import apps
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from config.database.catalog import (
    Catalog,
    Key,
    Schema,
    read_catalog,
    read_owners,
    read_schema,
    read_shadows,
)
from config.database.diff import Drift, compare
from config.database.expected import read_expected
from config.database.fields import enum_field
from config.database.ledger import check_ledger
from config.database.repair import Statement, ordered, repair

# Reading a definition waits behind DDL that somebody has not committed yet; not for long.
LOCK_TIMEOUT = "2s"

type Expectation = Callable[[BaseDatabaseWrapper, Schema], Catalog]


@dataclass(frozen=True)
class Finding:
    """A drift, and the statements that would put it right, if any could."""

    drift: Drift
    repairs: Sequence[Statement]


@dataclass(frozen=True)
class Result:
    """What was compared, and what is not as it should be."""

    schema: Schema
    expected: Catalog
    findings: Sequence[Finding]

    def script(self) -> list[Statement]:
        """All repairs, in an order that works."""
        return ordered(statement for finding in self.findings for statement in finding.repairs)


def verify(
    connection: BaseDatabaseWrapper,
    expectation: Expectation | None = None,
    app_labels: Collection[str] = (),
    ignored: Collection[str] = (),
) -> Result:
    """Compare. Nothing is changed and nothing left behind.

    By default PostgreSQL makes the expectation of the models. `app_labels` limits the result to
    the tables, types and migrations of these apps; objects whose name matches one of the
    `ignored` patterns may differ.
    Raises django.db.Error or CatalogError if the two cannot be compared.
    """
    with transaction.atomic(using=connection.alias):
        schema = _prepare(connection)
        shadows = read_shadows(connection, schema)
        _look_into(connection, schema)
        live, owners = read_catalog(connection, schema.oid), read_owners(connection, schema)
        expected = expectation(connection, schema) if expectation else read_expected(connection)
        ledger = list(check_ledger(connection))
        transaction.set_rollback(True, using=connection.alias)
    drifts = [
        *ledger,
        *compare(expected, live),
        *_shadowed(expected, schema, shadows),
        *_of_other_owners(expected, owners),
    ]
    if app_labels:
        own = _names(app_labels)
        drifts = [drift for drift in drifts if _is_of(drift.key, app_labels, own)]
        expected = {key: expected[key] for key in expected if _is_of(key, app_labels, own)}
    drifts = list(_unless_ignored(drifts, ignored))
    findings = [Finding(drift, _repair(drift, expected, live)) for drift in drifts]
    return Result(schema, expected, findings)


def _prepare(connection: BaseDatabaseWrapper) -> Schema:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
    return read_schema(connection)


def _look_into(connection: BaseDatabaseWrapper, schema: Schema) -> None:
    """Have names in `schema` rendered without it, whatever the search path is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('search_path',"
            " concat_ws(', ', quote_ident(%s), nullif(%s, '')), true)",
            [schema.name, schema.search_path],
        )


def _shadowed(expected: Catalog, schema: Schema, shadows: Mapping[Key, str]) -> Iterator[Drift]:
    for key, other in sorted(shadows.items()):
        if key in expected:
            yield Drift(key, "different", "schema that the search path finds", schema.name, other)


def _of_other_owners(expected: Catalog, owners: Mapping[Key, str]) -> Iterator[Drift]:
    """Objects that do not belong to the owner of most; who may alter one may not alter all."""
    ours = {key: owner for key, owner in sorted(owners.items()) if key in expected}
    if ours:
        [(usual, _)] = Counter(ours.values()).most_common(1)
        for key, owner in ours.items():
            if owner != usual:
                yield Drift(key, "different", "owner", usual, owner)


def _repair(drift: Drift, expected: Catalog, live: Catalog) -> Sequence[Statement]:
    if drift.key.kind in ("migration", "setting"):
        return []
    return repair(drift, expected, live)


# Limiting to apps


def _names(app_labels: Collection[str]) -> set[str]:
    """The tables and enum types of the apps."""
    names = set()
    for app_label in app_labels:
        for model in apps.get_app_config(app_label).get_models(include_auto_created=True):
            names.add(model._meta.db_table)
            for field in model._meta.local_fields:
                if enum := enum_field(field):
                    names.add(enum.type_name)
    return names


def _is_of(key: Key, app_labels: Collection[str], names: Collection[str]) -> bool:
    if key.kind == "migration":
        return key.table in app_labels
    return (key.table or key.name) in names


# What legitimately differs


def _unless_ignored(drifts: Sequence[Drift], patterns: Collection[str]) -> Iterator[Drift]:
    for pattern in patterns:
        if not any(_matches(drift.key, pattern) for drift in drifts):
            yield Drift(Key("setting", "", "VERIFY_SCHEMA_IGNORE"), "extra", pattern)
    for drift in drifts:
        if not any(_matches(drift.key, pattern) for pattern in patterns):
            yield drift


def _matches(key: Key, pattern: str) -> bool:
    """Whether `pattern` names the object, or the table that it belongs to."""
    return any(fnmatchcase(name, pattern) for name in (str(key), key.name, key.table) if name)
