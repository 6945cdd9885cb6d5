"""The walk over pg_depend, from objects to the objects that depend on them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres.queries import read_rows


class Address(NamedTuple):
    """The identity of an object in pg_depend. Unlike a name, it is unique in the database."""

    catalog: str
    oid: int
    number: int = 0
    """The number of a column, or 0 for the whole object."""

    def is_within(self, others: Collection["Address"]) -> bool:
        """Return whether `others` contains this object or, if it is a column, its table."""
        return self in others or self._replace(number=0) in others


class Dependency(NamedTuple):
    """An entry of pg_depend. For the rule of a view, `dependent` is the view itself."""

    needed: Address
    dependent: Address
    type: str
    """pg_depend.deptype. A DROP includes dependents of the types "a", "i", "P" and "S"."""

    @property
    def is_publication(self) -> bool:
        """True if the dependent is the entry of a table in a publication."""
        return self.dependent.catalog == "pg_publication_rel"

    @property
    def is_dropped(self) -> bool:
        """True if a DROP of the needed object may also drop the dependent.

        Entries in publications are excluded, because subscribers do not notice a dropped table.
        """
        return self.type in ("a", "i", "P", "S") and not self.is_publication


class Walk:
    """A breadth-first walk over pg_depend that reads each level in one query."""

    def __init__(self, connection: BaseDatabaseWrapper, roots: Iterable[Address]) -> None:
        self._connection = connection
        self._seen: set[Address] = set()
        self._next: list[Address] = []
        self.follow(*roots)

    def follow(self, *addresses: Address) -> None:
        """Add `addresses` to the next level, except those of earlier levels."""
        self._next += [item for item in addresses if item not in self._seen]
        self._seen.update(addresses)

    def levels(self) -> Iterator[list[Dependency]]:
        """Yield the dependencies on the roots, and then on each level of followed objects."""
        while self._next:
            level, self._next = self._next, []
            rows = read_rows(self._connection, DEPENDENCIES, transposed(level))
            yield [Dependency(Address(*row[0:3]), Address(*row[3:6]), row[6]) for row in rows]


def transposed(addresses: Sequence[Address]) -> list[list[str | int]]:
    """Return the catalogs, oids and numbers of `addresses` as three lists for unnest()."""
    return [list(part) for part in zip(*addresses, strict=True)] or [[], [], []]


DEPENDENCIES = """
SELECT DISTINCT
       needed.catalog, needed.oid::bigint, needed.number,
       CASE WHEN r.oid IS NULL THEN d.classid::regclass::text ELSE 'pg_class' END,
       coalesce(r.ev_class, d.objid)::bigint, d.objsubid, d.deptype::text
  FROM unnest(%s::text[], %s::oid[], %s::int[]) AS needed (catalog, oid, number)
  JOIN pg_depend AS d ON d.refclassid = needed.catalog::regclass AND d.refobjid = needed.oid
                     AND needed.number IN (0, d.refobjsubid)
  LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
                           AND r.rulename = '_RETURN'
 ORDER BY 4, 5, 6
"""
