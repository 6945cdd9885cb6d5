"""Counts of the rows that are deleted with a record, and of the foreign keys that become NULL.

PostgreSQL collects the keys of these rows in one query. On a Citus cluster, Python collects them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.db import connection, models

from config.admin.bounds import (
    COUNTING_MILLISECONDS,
    Count,
    Model,
    TooSlowError,
    about,
    at_most,
    estimates,
    local_settings,
)
from config.admin.deletion_steps import numbers_by_steps
from config.postgres import read_rows
from config.postgres.citus import is_cluster

KEYS_PER_TABLE = 300
"""The limit for the rows counted in each table, used if an exact count takes too long."""
ONLY_INDEXES = {
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    **{f"enable_{way}": "off" for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")},
}
"""Settings for plans that scan the index of a foreign key and stop at the limit."""

CASCADES = (models.CASCADE, models.DB_CASCADE)
SETS_NULL = (models.SET_NULL, models.DB_SET_NULL)


@dataclass(frozen=True)
class Affected:
    """The number of rows of a table that are deleted, or in which `field` becomes NULL."""

    model: Model
    count: Count
    estimate: int = 0
    digest: int = 0
    """A hash of the keys, or 0 if not all keys were read."""
    field: str = ""

    @property
    def title(self) -> str:
        return str(self.model._meta.verbose_name_plural)

    @property
    def noun(self) -> str:
        """The name of the rows, in the singular for one row."""
        return str(self.model._meta.verbose_name) if self.count == Count(1) else self.title

    @property
    def field_title(self) -> str:
        return str(self.model._meta.get_field(self.field).verbose_name)  # type: ignore[union-attr]

    def __str__(self) -> str:
        if not self.count.exact and self.estimate > self.count.number:
            return about(self.estimate)
        return str(self.count)


@dataclass(frozen=True)
class Deletion:
    """The consequences of deleting the rows of `model` with these keys."""

    model: Model
    keys: Sequence[Any]

    @cached_property
    def _counts(self) -> tuple[list[Affected], list[Affected]]:
        try:
            with at_most(COUNTING_MILLISECONDS):
                return self._counted(None)
        except TooSlowError:
            with local_settings(**ONLY_INDEXES):
                return self._counted(KEYS_PER_TABLE)

    @property
    def tables(self) -> list[Affected]:
        """All tables that can lose rows, including tables without affected rows."""
        return self._counts[0]

    @property
    def references(self) -> list[Affected]:
        """All foreign keys that can become NULL, including keys without affected rows."""
        return self._counts[1]

    @property
    def deleted(self) -> list[Affected]:
        """The tables that lose rows, or may lose rows that were not counted. `model` is first."""
        return [found for found in self._counts[0] if found.count or not found.count.exact]

    @property
    def kept(self) -> list[Affected]:
        """The foreign keys that become NULL in some row."""
        return [affected for affected in self._counts[1] if affected.count]

    def _counted(self, limit: int | None) -> tuple[list[Affected], list[Affected]]:
        query = DeletionQuery(self.model, limit)
        numbers = numbers_by_steps(query, self.keys) if is_cluster() else self._fetch_one(query.sql)
        size = len(query.tables)  # the numbers of the references come last
        of_tables = dict(zip(query.tables, numbers[:size], strict=True))
        of_references = zip(query.references, numbers[size:], strict=True)
        counts = {model: count for model, (count, _) in of_tables.items()}
        bounded = query.bounded(counts)
        expected = self._expected(query, counts, bounded) if bounded and not is_cluster() else {}
        deleted = [
            Affected(model, Count(count, model not in bounded), expected.get(model, 0), digest)
            for model, (count, digest) in of_tables.items()
        ]
        kept = [
            Affected(model, Count(count, limit is None), digest=digest, field=name)
            for (model, name), (count, digest) in of_references
        ]
        return deleted, kept

    def _expected(
        self, query: "DeletionQuery", counts: Any, bounded: set[Model]
    ) -> dict[Model, int]:
        """Return how many rows each table loses, estimated for the tables in `bounded`.

        For a foreign key to `model`, use the planner's estimate. For a foreign key to another
        table, assume that each row of that table has the average number of referring rows.
        """
        referring, sizes = self._planned_rows(), estimates(query.tables)
        result: dict[Model, int] = dict(counts)
        for model in (model for model in query.tables if model in bounded):
            rows = [
                referring[field]
                if parent is self.model
                else result[parent] * sizes[model] // max(sizes[parent], 1)
                for parent, field in query.foreign_keys(model)
            ]
            result[model] = min(max(rows), sizes[model])
        return result

    def _planned_rows(self) -> dict[Any, int]:
        """Return how many rows the planner expects to refer to the keys, by foreign key."""
        referring = [each for each in _referring(self.model, CASCADES) if each[0] is not self.model]
        sql = " UNION ALL ".join(
            f"SELECT 1 FROM {_quote(child._meta.db_table)} "
            f"WHERE {_quote(key.column)} = ANY(%(keys)s)"
            for child, key in referring
        )
        [[tree]] = self._fetch_one(f"EXPLAIN (FORMAT JSON) {sql}")
        plan = tree["Plan"]
        parts = plan["Plans"] if len(referring) > 1 else [plan]
        return {field: part["Plan Rows"] for (_, field), part in zip(referring, parts, strict=True)}

    def _fetch_one(self, sql: str) -> Any:
        [row] = read_rows(connection, sql, {"keys": list(self.keys)})
        return row


@dataclass(frozen=True)
class DeletionQuery:
    """The query that counts affected rows, with a CTE for the deleted keys of each table."""

    model: Model
    limit: int | None

    @cached_property
    def tables(self) -> list[Model]:
        """All tables that can lose rows, each after the tables that it refers to."""
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
        """The foreign keys that become NULL when the row that they refer to is deleted."""
        return [
            (child, field.name)
            for model in self.tables
            for child, field in _referring(model, SETS_NULL)
            if admin.site.is_registered(child)
        ]

    @property
    def sql(self) -> str:
        ctes = ", ".join(
            f"{_cte(model)} AS MATERIALIZED ({self._keys(model)})" for model in self.tables
        )
        rows = [_cte(model) for model in self.tables]
        rows += [f"({self._orphans(model, name)})" for model, name in self.references]
        # The digest needs all keys, which only a complete count reads.
        digest = "0" if self.limit else "coalesce(bit_xor(hashtextextended(key::text, 0)), 0)"
        counts = [f"(SELECT ARRAY[count(*), {digest}] FROM {part} AS rows)" for part in rows]
        return f"WITH RECURSIVE {ctes} SELECT {', '.join(counts)}"

    def bounded(self, counts: dict[Any, int]) -> set[Model]:
        """Return the tables that may lose more rows than were counted.

        `model` itself is never returned, because its rows are always counted completely.
        """
        result: set[Model] = set()
        for model in self.tables[1:]:
            parents = {parent for parent, _ in self.foreign_keys(model)}
            if (self.limit and counts[model] >= self.limit) or parents & result:
                result.add(model)
        return result

    def _keys(self, model: Model) -> str:
        key, table = _quote(model._meta.pk.column), _quote(model._meta.db_table)
        if model is self.model:
            selects = [f"SELECT {key} AS key FROM {table} WHERE {key} = ANY(%(keys)s)"]
        else:
            selects = [
                f"SELECT {key} AS key FROM {table} "
                f"WHERE {_quote(field.column)} {self._among(parent)}{self._bound}"
                for parent, field in self.foreign_keys(model)
            ]
        selects += [
            f"SELECT child.{key} FROM {table} AS child "
            f"JOIN {_cte(model)} AS parent ON child.{_quote(field.column)} = parent.key"
            for field in self.self_references(model)
        ]
        return " UNION ".join(f"({select})" for select in selects)

    def self_references(self, model: Model) -> list[Any]:
        """Return the cascading foreign keys of `model` to itself."""
        return [field for child, field in _referring(model, CASCADES) if child is model]

    def foreign_keys(self, model: Model) -> list[tuple[Model, Any]]:
        """Return the cascading foreign keys of `model` to other tables, as pairs (table, field)."""
        return [
            (parent, field)
            for parent in self.tables
            for child, field in _referring(parent, CASCADES)
            if child is model and parent is not model
        ]

    def _orphans(self, model: Model, name: str) -> str:
        field: Any = model._meta.get_field(name)
        key, table = _quote(model._meta.pk.column), _quote(model._meta.db_table)
        where = f"{_quote(field.column)} {self._among(field.related_model)}"
        if model in self.tables:
            where += f" AND {key} NOT IN (SELECT key FROM {_cte(model)})"
        return f"SELECT {key} AS key FROM {table} WHERE {where}{self._bound}"

    def _among(self, model: Model) -> str:
        """Return the condition that a foreign key refers to a deleted row of `model`.

        If possible, compare with constants, because the planner has statistics for them.
        """
        if model is self.model and not self.self_references(model):
            return "= ANY(%(keys)s)"
        return f"IN (SELECT key FROM {_cte(model)})"

    @property
    def _bound(self) -> str:
        return f" LIMIT {self.limit}" if self.limit else ""


def _referring(model: Model, actions: tuple[Any, ...]) -> Iterator[tuple[Model, Any]]:
    """Yield the tables that refer to `model` by foreign keys with one of `actions`."""
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ForeignObjectRel) and relation.on_delete in actions:
            yield relation.related_model, relation.field


def _cte(model: Model) -> str:
    return _quote(f"deleted_{model._meta.db_table}")


def _quote(name: str | None) -> str:
    return connection.ops.quote_name(str(name))
