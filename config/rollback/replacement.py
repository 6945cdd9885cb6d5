"""The live objects that a restoration replaces, and the dependents of these objects."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from config.postgres import read_rows
from config.postgres.catalog import (
    Address,
    drop_and_recreate,
    read_definitions,
    read_dependents_outside,
)
from config.postgres.citus import is_cluster
from config.rollback.archive import ArchiveError, Entry, Section
from config.rollback.backup import Backup
from config.rollback.inventory import NAMED_OBJECTS

KEPT_KINDS = ("SCHEMA", "EXTENSION", "COLLATION")
"""The kinds of objects that a restoration keeps, because other objects may use them."""
INDEPENDENT_KINDS = {
    *("TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"),
    *("TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "AGGREGATE"),
    *KEPT_KINDS,
}
"""The kinds of entries that are not parts of another entry."""


@dataclass(frozen=True)
class LiveObject:
    """An object of the database with the same name as an entry of the backup."""

    address: Address
    kind: str
    """The kind as in DROP, for example "materialized view"."""
    identity: str

    def __str__(self) -> str:
        return f"{self.kind} {self.identity}"

    @property
    def drop(self) -> str:
        """The statement that drops the object with its parts and dependents.

        An object of KEPT_KINDS is dropped only if nothing depends on it.
        """
        cascade = "" if self.kind.upper() in KEPT_KINDS else " CASCADE"
        return f"DROP {self.kind} IF EXISTS {self.identity}{cascade}"


@dataclass(frozen=True)
class Replacement:
    """The statements of a restoration before and after the statements of pg_restore."""

    drops: Sequence[str]
    recreations: Sequence[str]


def read_live(
    connection: BaseDatabaseWrapper, entries: Collection[Entry]
) -> dict[Entry, LiveObject]:
    """Map each entry to the live object of the same name, in the order of dropping.

    Parts of tables, and entries without a live object, are left out.
    """
    wanted = [entry for entry in entries if entry.kind in INDEPENDENT_KINDS]
    parameters = {
        "catalogs": [entry.catalog for entry in wanted],
        "schemas": [entry.schema for entry in wanted],
        "names": [entry.name for entry in wanted],
    }
    return {
        wanted[number - 1]: LiveObject(Address(catalog, oid), kind, identity)
        for number, catalog, oid, kind, identity in read_rows(connection, LIVE, parameters)
    }


def without_partitions(
    connection: BaseDatabaseWrapper, live: Mapping[Entry, LiveObject]
) -> dict[Entry, LiveObject]:
    """Return `live` without tables that are partitions now."""
    oids = [each.address.oid for each in live.values() if each.address.catalog == "pg_class"]
    partitions = {Address("pg_class", oid) for (oid,) in read_rows(connection, PARTITIONS, [oids])}
    return {entry: each for entry, each in live.items() if each.address not in partitions}


def without_kept(entries: Collection[Entry], found: Collection[Entry]) -> list[Entry]:
    """Return `entries` without the `found` entries of KEPT_KINDS, and without their comments."""
    kept = {entry.id for entry in found if entry.kind in KEPT_KINDS}
    return [
        entry
        for entry in entries
        if entry.id not in kept and (entry.section != Section.NONE or kept.isdisjoint(entry.needs))
    ]


def check_restored(connection: BaseDatabaseWrapper, backup: Backup) -> None:
    """Raise ArchiveError if the database lacks an object of the backup."""
    live = read_live(connection, backup.entries)
    independent = (entry for entry in backup.entries if entry.kind in INDEPENDENT_KINDS)
    if missing := [str(entry) for entry in independent if entry not in live]:
        raise ArchiveError(f"the database still lacked {', '.join(missing)}")


def plan_replacement(
    connection: BaseDatabaseWrapper, live: Collection[LiveObject], shards: Collection[int]
) -> Replacement:
    """Return the statements that drop `live` and recreate its dependents unchanged.

    The `shards` are oids of tables that are dropped together with the tables in `live`.
    Raise CommandError with the names of the dependents that cannot be recreated.
    """
    replaced = [each.address for each in live] + [Address("pg_class", oid) for oid in shards]
    dependents = read_dependents_outside(connection, replaced)
    definitions = read_definitions(connection, dependents, [], {})
    try:
        drop, create = drop_and_recreate(
            definitions, dependents, is_cluster=is_cluster(connection.alias)
        )
    except CycleError:
        dependents.refused.extend(item.description for item in definitions)
    if dependents.refused:
        raise CommandError(
            "The backup cannot be restored, because other objects depend on its tables: "
            f"{', '.join(sorted(set(dependents.refused)))}. Nothing was changed. Drop these "
            "objects, or ask their owner to, and run rollback --restore again."
        )
    return Replacement([*drop, *(each.drop for each in live)], create)


PARTITIONS = "SELECT oid::bigint FROM pg_class WHERE relispartition AND oid = ANY (%s::oid[])"
LIVE = f"""
    SELECT wanted.number, object.catalog, object.oid::bigint,
           CASE object.catalog WHEN 'pg_proc' THEN 'routine' WHEN 'pg_type' THEN 'type'
                               ELSE o.type END, o.identity
      FROM unnest(%(catalogs)s::oid[], %(schemas)s::text[], %(names)s::text[]) WITH ORDINALITY
           AS wanted (catalog, schema, name, number)
      JOIN {NAMED_OBJECTS} AS object
        ON object.catalog::regclass = wanted.catalog AND object.name = wanted.name
      LEFT JOIN pg_namespace AS n ON n.oid = namespace
      LEFT JOIN pg_class AS c ON object.catalog = 'pg_class' AND c.oid = object.oid
     CROSS JOIN LATERAL pg_identify_object(object.catalog::regclass, object.oid, 0) AS o
     WHERE namespace = 0 OR nspname = wanted.schema
     ORDER BY CASE object.catalog WHEN 'pg_class' THEN CASE relkind WHEN 'r' THEN 1 WHEN 'p' THEN 1
                                                                    WHEN 'S' THEN 3 ELSE 2 END
                                  WHEN 'pg_proc' THEN 4 WHEN 'pg_type' THEN 5 ELSE 6 END, o.identity
"""
