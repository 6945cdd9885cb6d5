"""What goes with a record when it is deleted: what the foreign keys of the database would do.

The keys are collected by PostgreSQL, table by table, each table once; no row comes to Python.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.db import connection, models

from config.admin.bounds import Count, Model, TooSlowError, at_most, estimates, local_settings

MILLISECONDS = 100
"""For counting exactly. What takes longer is counted up to a limit, and estimated beyond it."""
LIMIT = 300
ONLY_INDEXES = {
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    **{f"enable_{way}": "off" for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")},
}
"""Each step by the index of its foreign key, so that it stops at the limit."""

CASCADES = (models.CASCADE, models.DB_CASCADE)
LETS_GO = (models.SET_NULL, models.DB_SET_NULL)


@dataclass(frozen=True)
class Affected:
    """A table, and how many of its rows are deleted, or lose what `field` refers to."""

    model: Model
    count: Count
    estimate: int = 0
    field: str = ""

    @property
    def title(self) -> str:
        return str(self.model._meta.verbose_name_plural)

    @property
    def noun(self) -> str:
        """`title`, or what a single one is called."""
        return str(self.model._meta.verbose_name) if self.count == Count(1) else self.title

    @property
    def field_title(self) -> str:
        return str(self.model._meta.get_field(self.field).verbose_name)  # type: ignore[union-attr]

    def __str__(self) -> str:
        if not self.count.exact and self.estimate > self.count.number:
            return f"about {_rounded(self.estimate):,}"
        return str(self.count)


@dataclass(frozen=True)
class Deletion:
    """The deletion of the rows of `model` with these keys."""

    model: Model
    keys: Sequence[Any]

    @cached_property
    def _counts(self) -> tuple[list[Affected], list[Affected]]:
        try:
            with at_most(MILLISECONDS):
                return self._counted(None)
        except TooSlowError:
            with local_settings(**ONLY_INDEXES):
                return self._counted(LIMIT)

    @property
    def deleted(self) -> list[Affected]:
        """The rows that go, or may go, those that were asked for first."""
        return [found for found in self._counts[0] if found.count or not found.count.exact]

    @property
    def kept(self) -> list[Affected]:
        """The rows that stay, but refer to nothing any more."""
        return [affected for affected in self._counts[1] if affected.count]

    def _counted(self, limit: int | None) -> tuple[list[Affected], list[Affected]]:
        plan = Plan(self.model, limit)
        numbers = _fetch_one(plan.sql, {"keys": list(self.keys)})
        counts = dict(zip([*plan.tables, *plan.references], numbers, strict=True))
        bounded = plan.bounded(counts)
        expected = self._expected(plan, counts, bounded) if bounded else {}
        deleted = [
            Affected(model, Count(counts[model], model not in bounded), expected.get(model, 0))
            for model in plan.tables
        ]
        kept = [
            Affected(model, Count(counts[model, name], limit is None), field=name)
            for model, name in plan.references
        ]
        return deleted, kept

    def _expected(self, plan: "Plan", counts: Any, bounded: set[Model]) -> dict[Model, int]:
        """How many rows go, about, where they were not all counted.

        As many as the planner expects of those that refer to the keys themselves; of the others as
        many for each row that they refer to as there are in the whole tables.
        """
        referring, sizes = self._referring(), estimates(plan.tables)
        result: dict[Model, int] = {}
        for model in plan.tables:
            arms = [
                referring[field]
                if parent is self.model
                else result[parent] * sizes[model] // max(sizes[parent], 1)
                for parent, field in plan.arms(model)
            ]
            known = counts[model] if model not in bounded else min(max([0, *arms]), sizes[model])
            result[model] = known
        return result

    def _referring(self) -> dict[Any, int]:
        """How many rows the planner expects of each foreign key to refer to the keys."""
        arms = [arm for arm in _referring(self.model, CASCADES) if arm[0] is not self.model]
        sql = " UNION ALL ".join(
            f"SELECT 1 FROM {_quote(child._meta.db_table)} "
            f"WHERE {_quote(key.column)} = ANY(%(keys)s)"
            for child, key in arms
        )
        [[tree]] = _fetch_one(f"EXPLAIN (FORMAT JSON) {sql}", {"keys": list(self.keys)})
        plan = (json.loads(tree) if isinstance(tree, str) else tree)["Plan"]
        parts = plan["Plans"] if len(arms) > 1 else [plan]
        return {field: part["Plan Rows"] for (_, field), part in zip(arms, parts, strict=True)}


@dataclass(frozen=True)
class Plan:
    """The query that counts, with a common table expression for the keys of each table."""

    model: Model
    limit: int | None

    @cached_property
    def tables(self) -> list[Model]:
        """All tables that lose rows; each after those that it refers to."""
        found: dict[Model, None] = {}
        self._visit(self.model, found)
        return list(reversed(found))

    def _visit(self, model: Model, found: dict[Model, None]) -> None:
        for child, _ in _referring(model, CASCADES):
            if child is not model and child not in found:
                self._visit(child, found)
        found.setdefault(model)

    @cached_property
    def references(self) -> list[tuple[Model, str]]:
        """The foreign keys that are set to NULL where what they refer to goes."""
        return [
            (child, field.name)
            for model in self.tables
            for child, field in _referring(model, LETS_GO)
            if admin.site.is_registered(child)
        ]

    @property
    def sql(self) -> str:
        ctes = ", ".join(
            f"{_cte(model)} AS MATERIALIZED ({self._keys(model)})" for model in self.tables
        )
        counts = [f"(SELECT count(*) FROM {_cte(model)})" for model in self.tables]
        counts += [self._orphans(model, name) for model, name in self.references]
        return f"WITH RECURSIVE {ctes} SELECT {', '.join(counts)}"

    def bounded(self, counts: dict[Any, int]) -> set[Model]:
        """The tables that may have more rows than were counted, or whose parents may."""
        result: set[Model] = set()
        for model in self.tables:
            parents = {parent for parent, _ in self.arms(model)}
            if (self.limit and counts[model] >= self.limit) or parents & result:
                result.add(model)
        return result

    def _keys(self, model: Model) -> str:
        key, table = _quote(model._meta.pk.column), _quote(model._meta.db_table)
        if model is self.model:
            arms = [f"SELECT {key} AS key FROM {table} WHERE {key} = ANY(%(keys)s)"]
        else:
            arms = [
                f"SELECT {key} AS key FROM {table} "
                f"WHERE {_quote(field.column)} {self._among(parent)}{self._bound}"
                for parent, field in self.arms(model)
            ]
        arms += [
            f"SELECT child.{key} FROM {table} AS child "
            f"JOIN {_cte(model)} AS parent ON child.{_quote(field.column)} = parent.key"
            for field in _own(model)
        ]
        return " UNION ".join(f"({arm})" for arm in arms)

    def arms(self, model: Model) -> list[tuple[Model, Any]]:
        """The foreign keys through which rows of `model` go, and where they come from."""
        return [
            (parent, field)
            for parent in self.tables
            for child, field in _referring(parent, CASCADES)
            if child is model and parent is not model
        ]

    def _orphans(self, model: Model, name: str) -> str:
        field: Any = model._meta.get_field(name)
        where = f"{_quote(field.column)} {self._among(field.related_model)}"
        if model in self.tables:
            key = _quote(model._meta.pk.column)
            where += f" AND {key} NOT IN (SELECT key FROM {_cte(model)})"
        rows = f"SELECT FROM {_quote(model._meta.db_table)} WHERE {where}{self._bound}"
        return f"(SELECT count(*) FROM ({rows}) AS rows)"

    def _among(self, model: Model) -> str:
        """That a key is of a row of `model` that goes.

        The keys that were asked for are told to the planner: it knows how many rows have them.
        """
        if model is self.model and not any(_own(model)):
            return "= ANY(%(keys)s)"
        return f"IN (SELECT key FROM {_cte(model)})"

    @property
    def _bound(self) -> str:
        return f" LIMIT {self.limit}" if self.limit else ""


def _referring(model: Model, actions: tuple[Any, ...]) -> Iterator[tuple[Model, Any]]:
    """The tables that refer to `model`, by foreign keys that do one of `actions`."""
    for relation in model._meta.related_objects:
        if relation.on_delete in actions:
            yield relation.related_model, relation.field


def _own(model: Model) -> Iterator[Any]:
    """The foreign keys of `model` to itself, by which its rows go with each other."""
    return (field for child, field in _referring(model, CASCADES) if child is model)


def _cte(model: Model) -> str:
    return _quote(f"gone_{model._meta.db_table}")


def _quote(name: str | None) -> str:
    return connection.ops.quote_name(str(name))


def _fetch_one(sql: str, params: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()


def _rounded(number: int) -> int:
    """Two digits; an estimate has no more."""
    digits = len(str(number)) - 2
    return round(number, -digits) if digits > 0 else number
