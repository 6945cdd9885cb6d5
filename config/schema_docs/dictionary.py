"""The data dictionary, which combines the models with a catalog.

The list of tables comes from the models. The definitions come from the catalog, which is read from
the live database or from tables that PostgreSQL creates from the models.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.drift import read_complete, read_transaction
from config.postgres import INVISIBLE, UUID7, monthly_partitions
from config.postgres.catalog import Catalog, Key
from config.postgres.enums import enum_field
from config.project import own_apps
from config.schema_docs.remarks import read_remarks

INDEX_HEAD = re.compile(r"^CREATE (UNIQUE )?INDEX .*? USING ")
"""The part of an index's definition that repeats its name and table."""


@dataclass(frozen=True)
class Relation:
    """A foreign key, as a diagram shows it."""

    table: str
    column: str
    target: str
    nullable: bool
    """True if the column may be null."""
    unique: bool
    """True if at most one row refers to a row of the target."""


@dataclass(frozen=True)
class Column:
    """A column, as the catalog describes it."""

    name: str
    type: str
    not_null: bool
    default: str
    """The default, or the expression of a generated column."""
    comment: str
    marks: Sequence[str]
    """PK, FK and UK, as in entity-relationship diagrams."""


@dataclass(frozen=True)
class TableRule:
    """A key, check or index, as PostgreSQL renders it, with the remark in the source.

    In regular expressions, `…` replaces the long text `config.postgres.INVISIBLE`.
    """

    kind: str
    name: str
    definition: str
    remark: str


@dataclass(frozen=True)
class Enum:
    """An enum type of an app."""

    name: str
    comment: str
    labels: Sequence[str]


@dataclass(frozen=True)
class Partitions:
    """The division of a table into months."""

    column: str
    default: str
    """The name of the partition for rows that no month covers."""
    remark: str


@dataclass(frozen=True)
class Table:
    """A table of a model."""

    name: str
    model: str
    comment: str
    columns: Sequence[Column]
    """Empty if the catalog does not contain the table."""
    rules: Sequence[TableRule]
    relations: Sequence[Relation]
    referrers: Sequence[Relation]
    partitions: Partitions | None = None

    @property
    def keys(self) -> list[TableRule]:
        return self._of_kind("primary key", "unique constraint", "exclusion constraint")

    @property
    def foreign_keys(self) -> list[TableRule]:
        return self._of_kind("foreign key")

    @property
    def checks(self) -> list[TableRule]:
        return self._of_kind("check")

    @property
    def indexes(self) -> list[TableRule]:
        """The indexes that do not belong to a key."""
        return self._of_kind("index")

    def _of_kind(self, *kinds: str) -> list[TableRule]:
        return [rule for rule in self.rules if rule.kind in kinds]


@dataclass(frozen=True)
class Domain:
    """An app of this project, with its tables and enum types in the order of its models."""

    label: str
    title: str
    tables: Sequence[Table]
    enums: Sequence[Enum]


def read_dictionary(connection: BaseDatabaseWrapper) -> list[Domain]:
    """Return the dictionary of the models' schema, the same on every version of PostgreSQL.

    Raise CatalogError if the role may not create temporary tables, or if the models refer to an
    object that does not exist.
    """
    with read_transaction(connection):
        expected = dict(read_complete(connection))
    for key, field in _fields():
        if isinstance(field.db_default, UUID7):  # PostgreSQL before 18 lacks the function
            expected[key] = {**expected[key], "default": "uuidv7()"}
    return describe_domains(expected)


def describe_domains(catalog: Catalog) -> list[Domain]:
    """Return all domains of this project, with their definitions in `catalog`."""
    return [
        Domain(
            config.label,
            str(config.verbose_name),
            [_table(model, catalog) for model in config.get_models()],
            list(_enums(config)),
        )
        for config in domain_apps()
    ]


def sketch(connection: BaseDatabaseWrapper) -> Catalog:
    """Return a catalog with only the columns and types that a diagram needs, without a query."""
    return {
        key: {
            "type": str(field.db_type(connection)).replace('"', ""),
            "not null": not field.null,
        }
        for key, field in _fields()
    }


def domain_apps() -> list[AppConfig]:
    """Return the apps of this project that have models, in the order of the settings."""
    return [config for config in own_apps() if list(config.get_models())]


def relations() -> list[Relation]:
    """Return all foreign keys of this project."""
    return [
        Relation(
            key.table, key.name, field.remote_field.model._meta.db_table, field.null, field.unique
        )
        for key, field in _fields()
        if isinstance(field, models.ForeignKey)
    ]


def _fields() -> Iterator[tuple[Key, Any]]:
    """Yield each field that has a column, with the column's key in a catalog."""
    for model in (model for config in domain_apps() for model in config.get_models()):
        for field in model._meta.local_concrete_fields:
            yield Key("column", model._meta.db_table, str(field.column)), field


def _table(model: type[models.Model], catalog: Catalog) -> Table:
    name, found = model._meta.db_table, relations()
    return Table(
        name,
        model.__name__,
        model._meta.db_table_comment or "",
        list(_columns(model, catalog)),
        list(_rules(model, catalog)),
        [relation for relation in found if relation.table == name],
        [relation for relation in found if relation.target == name],
        _partitions(model),
    )


def _partitions(model: type[models.Model]) -> Partitions | None:
    if declared := monthly_partitions(model):
        name = declared.name
        return Partitions(declared.column(model), name, read_remarks(model).get(name, ""))
    return None


def _columns(model: type[models.Model], catalog: Catalog) -> Iterator[Column]:
    marks = {str(field.column): _marks(field) for field in model._meta.local_concrete_fields}
    for key, attributes in catalog.items():
        if key.kind == "column" and key.table == model._meta.db_table:
            generated = attributes.get("generated")
            yield Column(
                key.name,
                str(attributes["type"]),
                bool(attributes.get("not null")),
                f"generated: {generated}" if generated else str(attributes.get("default") or ""),
                str(attributes.get("comment") or ""),
                marks.get(key.name, []),
            )


def _marks(field: Any) -> list[str]:
    """Return the marks of a field. PK also marks the partition key of a partitioned table."""
    partitions = monthly_partitions(field.model)
    constraints = field.model._meta.total_unique_constraints
    is_unique = field.unique or (field.name,) in [constraint.fields for constraint in constraints]
    marks = {
        "PK": field.primary_key or bool(partitions and partitions.field == field.name),
        "FK": isinstance(field, models.ForeignKey),
        "UK": is_unique and not field.primary_key,
    }
    return [mark for mark, applies in marks.items() if applies]


def _rules(model: type[models.Model], catalog: Catalog) -> list[TableRule]:
    """Return the rules of a table in the order of their declarations."""
    remarks = read_remarks(model)
    declared = [*model._meta.constraints, *model._meta.indexes]
    order = {rule.name: n for n, rule in enumerate(declared)}
    found = [
        TableRule(
            key.kind,
            key.name,
            INDEX_HEAD.sub(r"\1", str(attributes["definition"])).replace(INVISIBLE, "…"),
            remarks.get(key.name, ""),
        )
        for key, attributes in catalog.items()
        if key.table == model._meta.db_table and "definition" in attributes
    ]
    return sorted(found, key=lambda rule: (order.get(rule.name, -1), rule.kind, rule.name))


def _enums(config: AppConfig) -> Iterator[Enum]:
    fields = [f for model in config.get_models() for f in model._meta.local_concrete_fields]
    found: Mapping[str, Any] = {e.type_name: e for f in fields if (e := enum_field(f))}
    for name, field in found.items():
        yield Enum(name, (field.enum and field.enum.__doc__) or "", field.labels)
