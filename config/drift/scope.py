"""The scope of a comparison: the compared apps, and the patterns of ignored objects."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.apps import AppConfig, apps

from config.drift.difference import Drift, is_database_object
from config.drift.other_schemas import dotted
from config.postgres import LEDGER
from config.postgres.catalog import Key
from config.postgres.enums import enum_field
from config.project import is_own, migrated_models


@dataclass(frozen=True)
class App:
    """An app, with its tables and enum types in the order of its models."""

    label: str
    package: str
    """The package that contains the app, or '' for an app of this project."""
    tables: Sequence[str]
    enum_types: Sequence[str]


def read_apps() -> list[App]:
    """Return the installed apps that have tables, and an app for the table of migration records."""
    ledger = App("migrations", "django", [LEDGER], [])
    return [*filter(lambda app: app.tables, map(_app, apps.get_app_configs())), ledger]


def _app(config: AppConfig) -> App:
    models = migrated_models(config)
    enums = [enum_field(field) for model in models for field in model._meta.local_fields]
    return App(
        config.label,
        "" if is_own(config) else config.name.partition(".")[0],
        [model._meta.db_table for model in models],
        list(dict.fromkeys(enum.type_name for enum in enums if enum)),
    )


def belongs_to(key: Key, compared: Collection[App]) -> bool:
    """Return whether the object belongs to one of the `compared` apps."""
    if key.kind == "migration":
        return any(key.table == app.label for app in compared)
    name = key.table or key.name
    return any(name in app.tables or name in app.enum_types for app in compared)


def sorted_drifts(drifts: Sequence[Drift], compared: Sequence[App]) -> list[Drift]:
    """Sort drifts: migrations and settings, then types and tables by app, then other objects."""
    names = [name for app in compared for name in (*app.enum_types, *app.tables)]
    positions = {name: position for position, name in enumerate(names)}

    def position(drift: Drift) -> tuple[bool, int, str, str, str]:
        key = drift.key
        name = key.table or key.name
        return is_database_object(key), positions.get(name, len(names)), name, drift.code, key.name

    return sorted(drifts, key=position)


def is_ignored(key: Key, patterns: Collection[str]) -> bool:
    """Return whether one of the patterns matches the name of the object or of its table.

    The name of a column must include the table, because many tables have a column `status`.
    """
    names = {str(key)}
    if key.kind != "migration":
        names |= {key.table, dotted(key.table)}
    if key.kind not in ("migration", "column"):
        names.add(key.name)
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names if name)


def unmatched_patterns(drifts: Sequence[Drift], patterns: Collection[str]) -> Iterator[Drift]:
    """Yield a drift for each pattern that matches no object of `drifts`."""
    for pattern in patterns:
        if not any(is_ignored(drift.key, [pattern]) for drift in drifts):
            key = Key("setting", "", "VERIFY_SCHEMA_IGNORE")
            yield Drift(key, "extra", "pattern", None, pattern)
