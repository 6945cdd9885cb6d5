"""Compare the live schema with what the models say that it should be."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.apps import AppConfig, apps
from django.db import Error, InternalError, ProgrammingError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from config.drift.diff import Drift, compare, is_of_schema
from config.drift.expected import read_expected
from config.drift.ledger import check_ledger
from config.drift.repair import Statement, ordered, repairs
from config.migrating import LEDGER
from config.postgres.catalog import (
    Catalog,
    Key,
    Schema,
    check_may_read,
    read_owners,
    read_schema,
    read_shadows,
    read_with_members,
    without_members,
)
from config.postgres.enums import enum_field
from config.project import is_own

# Reading a definition waits behind DDL that somebody has not committed yet; not for long.
LOCK_TIMEOUT = 2000  # milliseconds
# What PostgreSQL's making and rendering of a table depends on, and somebody may have set.
USUAL = {
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "default_table_access_method": "heap",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
}

SHADOWED = "schema that the search path finds"
"""What differs of an object that another one hides."""

type Expectation = Callable[[BaseDatabaseWrapper, Schema], Catalog]


@dataclass(frozen=True)
class App:
    """An app's tables and enum types, in the order of its models."""

    label: str
    package: str
    """The package that it came with, or '' if it is one of this project's."""
    tables: Sequence[str]
    enum_types: Sequence[str]


@dataclass(frozen=True)
class Finding:
    """A drift, and the statements that would put it right, if any could."""

    drift: Drift
    repairs: Sequence[Statement]


@dataclass(frozen=True)
class Result:
    """What was compared, and what is not as it should be."""

    schema: Schema
    apps: Sequence[App]
    app_labels: Collection[str]
    """The apps that the comparison was limited to; empty if it was not."""
    expected: Catalog
    live: Catalog
    findings: Sequence[Finding]
    ignored: int
    """How many differences the setting allows."""

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
    the tables, types and migrations of these apps; what belongs to no app is left out, too.
    Objects whose name matches one of the `ignored` patterns may differ.
    Raises django.db.Error or CatalogError if the two cannot be compared.
    """
    try:
        schema, expected, live, drifts = _compare(connection, expectation)
    except InternalError:  # somebody's DDL has dropped what was about to be read
        schema, expected, live, drifts = _compare(connection, expectation)
    compared = [app for app in read_apps() if not app_labels or app.label in app_labels]
    promised = expected
    if app_labels:
        names = {name for app in compared for name in (*app.tables, *app.enum_types)}
        promised = {key: expected[key] for key in expected if _is_of(key, app_labels, names)}
        drifts = [drift for drift in drifts if _is_of(drift.key, app_labels, names)]
    else:
        drifts += list(_unmatched(drifts, ignored))
    kept = [drift for drift in drifts if not _is_allowed(drift.key, ignored)]
    shown = _in_order(kept, compared)
    findings = list(map(Finding, shown, repairs(shown, expected, live)))
    allowed = len(drifts) - len(kept)
    return Result(schema, compared, set(app_labels), promised, live, findings, allowed)


def _compare(
    connection: BaseDatabaseWrapper, expectation: Expectation | None
) -> tuple[Schema, Catalog, Catalog, list[Drift]]:
    """What is expected, what is live, and all differences."""
    with reading(connection) as schema:
        ledger = _read_ledger(connection)
        shadows = read_shadows(connection, schema)
        _look_into(connection, schema)
        live = read_with_members(connection, schema.oid)
        owners = read_owners(connection, schema)
        try:
            expected = expectation(connection, schema) if expectation else read_expected(connection)
        except ProgrammingError:
            if not _lacks_extension(ledger):
                raise
            expected = without_members(
                live
            )  # nothing can be expected before the extension is there
    live = without_members(live, ours=expected)
    drifts = [
        *compare(expected, live),
        *_shadowed(expected, schema, shadows),
        *_of_other_owners(expected, owners),
    ]
    if not isinstance(ledger, Error):
        drifts += ledger
    elif not any(LEDGER in (drift.key.name, drift.key.table) for drift in drifts):
        raise ledger
    return schema, expected, live, drifts


@contextmanager
def reading(connection: BaseDatabaseWrapper) -> Iterator[Schema]:
    """A transaction that changes nothing, waits for nobody long, and renders always alike.

    Raises CatalogError if the role cannot read what there is.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        _wait_for_locks_briefly(cursor)
        cursor.execute(
            "SELECT set_config(name, value, true)"
            "  FROM unnest(%s::text[], %s::text[]) AS settings (name, value)",
            [list(USUAL), list(USUAL.values())],
        )
        # A pooler may have given us a session in which somebody has left tables of our names.
        cursor.execute("DISCARD TEMP")
        check_may_read(connection)
        yield read_schema(connection)
        transaction.set_rollback(True, using=connection.alias)


def _wait_for_locks_briefly(cursor: CursorWrapper) -> None:
    """Said before there is any query: somebody may have locked the catalog itself."""
    cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT}")
    cursor.execute(
        "SELECT set_config(name, least(nullif(reset_val::int, 0), %s)::text, true)"
        "  FROM pg_settings WHERE name = 'lock_timeout'",
        [LOCK_TIMEOUT],
    )


def _read_ledger(connection: BaseDatabaseWrapper) -> list[Drift] | Error:
    """Its error if it cannot be read, for which a drift of the table itself may be the reason."""
    try:
        with transaction.atomic(using=connection.alias):
            return list(check_ledger(connection))
    except Error as error:
        return error


def _lacks_extension(ledger: list[Drift] | Error) -> bool:
    return isinstance(ledger, list) and any(drift.key.kind == "extension" for drift in ledger)


def read_apps() -> list[App]:
    """The installed apps that have tables; Django's ledger counts as one."""
    ledger = App("migrations", "django", [LEDGER], [])
    return [*filter(lambda app: app.tables, map(_app, apps.get_app_configs())), ledger]


def _app(config: AppConfig) -> App:
    models = [
        model
        for model in config.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    ]
    enums = [enum_field(field) for model in models for field in model._meta.local_fields]
    return App(
        config.label,
        "" if is_own(config) else config.name.partition(".")[0],
        [model._meta.db_table for model in models],
        list(dict.fromkeys(enum.type_name for enum in enums if enum)),
    )


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
            yield Drift(key, "different", SHADOWED, schema.name, other)


def _of_other_owners(expected: Catalog, owners: Mapping[Key, str]) -> Iterator[Drift]:
    """Objects that do not belong to the owner of most; who may alter one may not alter all."""
    ours = {key: owner for key, owner in sorted(owners.items()) if key in expected}
    if ours:
        [(usual, _)] = Counter(ours.values()).most_common(1)
        for key, owner in ours.items():
            if owner != usual:
                yield Drift(key, "different", "owner", usual, owner)


def _is_of(key: Key, app_labels: Collection[str], names: Collection[str]) -> bool:
    """Whether the object is of the apps `app_labels`, whose tables and types are `names`."""
    if key.kind == "migration":  # what makemigrations refuses is of no app, and concerns all
        return not key.table or key.table in app_labels
    return (key.table or key.name) in names


def _in_order(drifts: Sequence[Drift], compared: Sequence[App]) -> list[Drift]:
    """First the ledger, then app by app what belongs together, then what is of none."""
    names = [name for app in compared for name in (*app.enum_types, *app.tables)]
    places = {name: place for place, name in enumerate(names)}

    def place(drift: Drift) -> tuple[bool, int, str, str, str]:
        key = drift.key
        name = key.table or key.name
        return is_of_schema(key), places.get(name, len(names)), name, drift.code, key.name

    return sorted(drifts, key=place)


# What legitimately differs


def _is_allowed(key: Key, patterns: Collection[str]) -> bool:
    return any(_matches(key, pattern) for pattern in patterns)


def _matches(key: Key, pattern: str) -> bool:
    """Whether `pattern` names the object, or the table that it is part of.

    Columns and migrations go by their full name only: many tables have a `status`.
    """
    names = {str(key)}
    if key.kind != "migration":
        names.add(key.table)
    if key.kind not in ("migration", "column"):
        names.add(key.name)
    return any(fnmatchcase(name, pattern) for name in names if name)


def _unmatched(drifts: Sequence[Drift], patterns: Collection[str]) -> Iterator[Drift]:
    for pattern in patterns:
        if not any(_matches(drift.key, pattern) for drift in drifts):
            key = Key("setting", "", "VERIFY_SCHEMA_IGNORE")
            yield Drift(key, "extra", "pattern", None, pattern)
