"""Models and a catalog -> `Domain`s: the data dictionary, whoever shows it.

What there is comes from the models, how it is written from the catalog: that of the live database,
or the one that PostgreSQL makes of the models.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.drift import read_expected, reading
from config.postgres import UUID7
from config.postgres.catalog import Attributes, Catalog, Key
from config.postgres.enums import enum_field
from config.project import own_apps
from config.schema_docs.remarks import read_remarks

type Model = type[models.Model]

KEYS = ("primary key", "unique constraint", "exclusion constraint")


@dataclass(frozen=True)
class Relation:
    """A foreign key, as a diagram draws it."""

    table: str
    column: str
    target: str
    nullable: bool
    """Whether there may be none."""
    unique: bool
    """Whether a row of the target has at most one."""


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    not_null: bool
    default: str
    """The default, or the expression that the column is generated from."""
    comment: str
    marks: Sequence[str]
    """PK, FK and UK, as entity-relationship diagrams have them."""


@dataclass(frozen=True)
class Rule:
    """A key, check or index: PostgreSQL's rendering, and what the source says to it."""

    kind: str
    name: str
    definition: str
    remark: str


@dataclass(frozen=True)
class Enum:
    name: str
    comment: str
    labels: Sequence[str]


@dataclass(frozen=True)
class Table:
    name: str
    model: str
    comment: str
    columns: Sequence[Column]
    """Empty if the catalog does not have the table."""
    rules: Sequence[Rule]
    relations: Sequence[Relation]
    referrers: Sequence[Relation]

    @property
    def keys(self) -> list[Rule]:
        return [rule for rule in self.rules if rule.kind in KEYS]

    @property
    def foreign_keys(self) -> list[Rule]:
        return [rule for rule in self.rules if rule.kind == "foreign key"]

    @property
    def checks(self) -> list[Rule]:
        return [rule for rule in self.rules if rule.kind == "check"]

    @property
    def indexes(self) -> list[Rule]:
        """Those that are no key's own."""
        return [rule for rule in self.rules if rule.kind == "index"]


@dataclass(frozen=True)
class Domain:
    """An app of this project, with its tables and enum types in the order of its models."""

    label: str
    title: str
    tables: Sequence[Table]
    enums: Sequence[Enum]


def read_dictionary(connection: BaseDatabaseWrapper) -> list[Domain]:
    """What the models make, in words that no version of PostgreSQL changes.

    Raises CatalogError if the role may not make temporary tables.
    """
    with reading(connection):
        expected = dict(read_expected(connection))
    for model in (model for config in domain_apps() for model in config.get_models()):
        for field in model._meta.local_concrete_fields:
            if isinstance(field.db_default, UUID7):  # PostgreSQL has the function since 18
                key = Key("column", model._meta.db_table, str(field.column))
                expected[key] = {**expected[key], "default": "uuidv7()"}
    return describe(expected)


def describe(catalog: Catalog) -> list[Domain]:
    """All tables of this project, as `catalog` has them."""
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
    """The columns of the models, in Django's words: enough for a diagram, and asks nobody."""
    return {
        Key("column", model._meta.db_table, str(field.column)): {
            "type": str(field.db_type(connection)).replace('"', ""),
            "not null": not field.null,
            "default": None,
            "generated": None,
            "comment": field.db_comment,
        }
        for config in domain_apps()
        for model in config.get_models()
        for field in model._meta.local_concrete_fields
    }


def domain_apps() -> list[AppConfig]:
    """The apps of this project that have tables, in the order of the settings."""
    return [config for config in own_apps() if list(config.get_models())]


def relations() -> list[Relation]:
    """All foreign keys of this project."""
    tables = [model for config in domain_apps() for model in config.get_models()]
    return [relation for model in tables for relation in _relations(model)]


def _relations(model: Model) -> Iterator[Relation]:
    for field in model._meta.local_concrete_fields:
        if isinstance(field, models.ForeignKey):
            target = field.remote_field.model._meta.db_table
            column = str(field.column)
            yield Relation(model._meta.db_table, column, target, field.null, field.unique)


def _table(model: Model, catalog: Catalog) -> Table:
    name = model._meta.db_table
    own = list(_relations(model))
    referrers = [relation for relation in relations() if relation.target == name]
    return Table(
        name,
        model.__name__,
        model._meta.db_table_comment or "",
        list(_columns(model, catalog, own)),
        list(_rules(model, catalog)),
        own,
        referrers,
    )


def _columns(model: Model, catalog: Catalog, own: Sequence[Relation]) -> Iterator[Column]:
    marks = {relation.column: ["FK"] for relation in own}
    unique = _unique_columns(model)
    for field in model._meta.local_concrete_fields:
        name = str(field.column)
        if field.primary_key:
            marks[name] = ["PK", *marks.get(name, [])]
        elif field.unique or name in unique:
            marks[name] = [*marks.get(name, []), "UK"]
    for key, attributes in catalog.items():
        if key.kind == "column" and key.table == model._meta.db_table:
            yield _column(key.name, attributes, marks.get(key.name, []))


def _unique_columns(model: Model) -> set[str]:
    """The columns that a constraint on them alone makes unique."""
    alone = [c.fields for c in model._meta.total_unique_constraints if len(c.fields) == 1]
    fields = {name for [name] in alone}
    return {str(f.column) for f in model._meta.local_concrete_fields if f.name in fields}


def _column(name: str, attributes: Attributes, marks: Sequence[str]) -> Column:
    generated = attributes["generated"]
    return Column(
        name,
        str(attributes["type"]),
        bool(attributes["not null"]),
        f"generated: {generated}" if generated else str(attributes["default"] or ""),
        str(attributes["comment"] or ""),
        marks,
    )


def _rules(model: Model, catalog: Catalog) -> list[Rule]:
    """In the order of the model, in which remarks like "as above" make sense."""
    remarks = read_remarks(model)
    order = {rule.name: n for n, rule in enumerate(_declared(model))}
    found = [
        Rule(key.kind, key.name, _definition(attributes), remarks.get(key.name, ""))
        for key, attributes in catalog.items()
        if key.table == model._meta.db_table and "definition" in attributes
    ]
    return sorted(found, key=lambda rule: (order.get(rule.name, -1), rule.kind, rule.name))


def _definition(attributes: Attributes) -> str:
    """Of an index without what its name and table say already."""
    return re.sub(r"^CREATE (UNIQUE )?INDEX .*? USING ", r"\1", str(attributes["definition"]))


def _declared(model: Model) -> list[Any]:
    return [*model._meta.constraints, *model._meta.indexes]


def _enums(config: AppConfig) -> Iterator[Enum]:
    fields = [f for model in config.get_models() for f in model._meta.local_concrete_fields]
    found: Mapping[str, Any] = {e.type_name: e for f in fields if (e := enum_field(f))}
    for name, field in found.items():
        yield Enum(name, (field.enum and field.enum.__doc__) or "", field.labels)
