"""The objects that a restoration replaces, and those of others that depend on them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError

from django.core.management.base import CommandError
from django.db.backends.utils import CursorWrapper

from config.postgres.catalog import Address, in_order, read_definitions, read_dependents_outside
from config.rollback.archive import ArchiveError, Entry, Section
from config.rollback.backup import Backup

KEPT = ("SCHEMA", "EXTENSION", "COLLATION")
"""The kinds of entries that are not replaced where they exist: others may use them."""
INDEPENDENT = {
    *("TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"),
    *("TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "AGGREGATE"),
    *KEPT,
}
"""The kinds of entries that are no part of another."""


@dataclass(frozen=True)
class LiveObject:
    """An object of the database that has the name of one in a backup."""

    address: Address
    kind: str
    """As DROP has it, such as "materialized view"."""
    identity: str

    def __str__(self) -> str:
        return f"{self.kind} {self.identity}"

    @property
    def drop(self) -> str:
        """The statement that drops it, with its parts, and what was found to depend on it."""
        cascade = "" if self.kind.upper() in KEPT else " CASCADE"
        return f"DROP {self.kind} IF EXISTS {self.identity}{cascade}"


@dataclass(frozen=True)
class Replacement:
    """What a restoration does apart from creating the contents of the backup."""

    drops: Sequence[str]
    """The statements before that."""
    recreations: Sequence[str]
    """The statements after that."""


def read_live(cursor: CursorWrapper, entries: Collection[Entry]) -> dict[Entry, LiveObject]:
    """Return the objects that have the names of `entries`, in an order in which to drop them.

    The parts of tables and the like are left out.
    """
    wanted = [entry for entry in entries if entry.kind in INDEPENDENT]
    cursor.execute(
        LIVE,
        {
            "catalogs": [entry.catalog for entry in wanted],
            "schemas": [entry.schema for entry in wanted],
            "names": [entry.name for entry in wanted],
        },
    )
    return {
        wanted[number - 1]: LiveObject(Address(catalog, oid), kind, identity)
        for number, catalog, oid, kind, identity in cursor.fetchall()
    }


def without_partitions(
    cursor: CursorWrapper, live: Mapping[Entry, LiveObject]
) -> dict[Entry, LiveObject]:
    """Return `live` without what is a partition of a table now."""
    oids = [each.address.oid for each in live.values() if each.address.catalog == "pg_class"]
    cursor.execute(PARTITIONS, [oids])
    partitions = {Address("pg_class", oid) for (oid,) in cursor.fetchall()}
    return {entry: each for entry, each in live.items() if each.address not in partitions}


def without_kept(entries: Collection[Entry], found: Collection[Entry]) -> list[Entry]:
    """Return `entries` without those that exist and are kept, and their comments and the like."""
    kept = {entry.id for entry in found if entry.kind in KEPT}
    return [
        entry
        for entry in entries
        if entry.id not in kept and (entry.section != Section.NONE or kept.isdisjoint(entry.needs))
    ]


def check_restored(cursor: CursorWrapper, backup: Backup) -> None:
    """Raise ArchiveError if the database lacks something that is in the backup."""
    live = read_live(cursor, backup.entries)
    independent = (entry for entry in backup.entries if entry.kind in INDEPENDENT)
    if missing := [str(entry) for entry in independent if entry not in live]:
        raise ArchiveError(f"afterwards these were missing: {', '.join(missing)}")


def plan_replacement(
    cursor: CursorWrapper, live: Collection[LiveObject], shards: Collection[int]
) -> Replacement:
    """Return how `live` is dropped, and how what depends on it comes back as it is now.

    The `shards`, by their oids, are dropped with their tables.
    Raise CommandError that names what could not be created again.
    """
    replaced = [each.address for each in live] + [Address("pg_class", oid) for oid in shards]
    dependents = read_dependents_outside(cursor, replaced)
    definitions = read_definitions(cursor, dependents, [], {})
    try:
        steps = in_order(definitions, dependents)
    except CycleError:
        dependents.refused.extend(item.description for item in definitions)
    if dependents.refused:
        raise CommandError(
            "It cannot be restored while these depend on what is replaced: "
            f"{', '.join(sorted(set(dependents.refused)))}. Nothing was changed. Drop what is in "
            "the way, or have its owner do it, and run rollback --restore again."
        )
    return Replacement(
        [*(sql for step in reversed(steps) for sql in step.drop), *(each.drop for each in live)],
        [
            *(sql for step in steps for sql in step.create),
            *(sql for step in reversed(steps) for sql in step.finish),
        ],
    )


PARTITIONS = "SELECT oid::bigint FROM pg_class WHERE relispartition AND oid = ANY (%s::oid[])"
# The name of a function has the types of its arguments, qualified unless they are built in.
LIVE = """
    WITH wanted AS (
        SELECT * FROM unnest(%(catalogs)s::oid[], %(schemas)s::text[], %(names)s::text[])
             WITH ORDINALITY AS wanted (catalog, schema, name, number)
    ), live (number, catalog, oid, place) AS (
        SELECT number, 'pg_class', c.oid,
               CASE c.relkind WHEN 'r' THEN 1 WHEN 'p' THEN 1 WHEN 'S' THEN 3 ELSE 2 END
          FROM wanted
          JOIN pg_namespace AS n ON nspname = schema
          JOIN pg_class AS c ON relnamespace = n.oid AND relname = name
         WHERE wanted.catalog = 'pg_class'::regclass
         UNION ALL
        SELECT number, 'pg_type', t.oid, 5
          FROM wanted
          JOIN pg_namespace AS n ON nspname = schema
          JOIN pg_type AS t ON typnamespace = n.oid AND typname = name
         WHERE wanted.catalog = 'pg_type'::regclass
         UNION ALL
        SELECT number, 'pg_collation', c.oid, 6
          FROM wanted
          JOIN pg_namespace AS n ON nspname = schema
          JOIN pg_collation AS c ON collnamespace = n.oid AND collname = name
         WHERE wanted.catalog = 'pg_collation'::regclass
         UNION ALL
        SELECT number, 'pg_namespace', n.oid, 6
          FROM wanted
          JOIN pg_namespace AS n ON nspname = name
         WHERE wanted.catalog = 'pg_namespace'::regclass
         UNION ALL
        SELECT number, 'pg_extension', e.oid, 6
          FROM wanted
          JOIN pg_extension AS e ON extname = name
         WHERE wanted.catalog = 'pg_extension'::regclass
         UNION ALL
        SELECT number, 'pg_proc', p.oid, 4
          FROM wanted
          JOIN pg_namespace AS n ON nspname = schema
          JOIN pg_proc AS p ON pronamespace = n.oid
         CROSS JOIN LATERAL (
            SELECT string_agg(format_type(type, NULL), ', ' ORDER BY place) AS types
              FROM unnest(proargtypes) WITH ORDINALITY AS argument (type, place)) AS arguments
         WHERE wanted.catalog = 'pg_proc'::regclass
           AND name = concat(proname, '(', CASE WHEN prokind = 'a' AND types IS NULL
                                                THEN '*' ELSE types END, ')')
    )
    SELECT live.number, live.catalog, live.oid::bigint,
           CASE live.catalog WHEN 'pg_proc' THEN 'routine' WHEN 'pg_type' THEN 'type'
                             ELSE o.type END, o.identity
      FROM live CROSS JOIN LATERAL pg_identify_object(live.catalog::regclass, live.oid, 0) AS o
     WHERE live.oid IS NOT NULL
     ORDER BY place, o.identity
"""
