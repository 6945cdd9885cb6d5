"""The backup before a rollback, in pg_dump's custom format, and the list of objects to restore.

The backup contains all tables that migrations have created, because a rollback also changes tables
that stay: it drops their columns, deletes content types, and runs the code of migrations.

pg_dump also writes other objects of the same schemas. A restoration must not change these objects,
so a list next to the backup names the entries to restore: the dropped objects, the tables with
their parts, and the types of their columns. The list has the format of `pg_restore --list`.
"""

import json
import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.core.management.base import CommandError
from django.db import router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.state import ProjectState

from config.console import printable
from config.dumps import ClientProgramError, ClientPrograms, list_of, new_backup
from config.postgres import LEDGER, read_rows
from config.postgres.catalog import Address, quote, read_schema
from config.rollback.archive import (
    KINDS,
    ArchiveError,
    Entry,
    Section,
    read_entries,
)
from config.rollback.inventory import ObjectName, address_parameters

NEXT_STEP = "Nothing was changed. Fix this, or make your own backup and pass --no-backup."
LOCK_WAIT = 10_000  # milliseconds that pg_dump waits for tables locked by other sessions
TYPES = 1247  # the oid of pg_type in every version
PARTS = {0, 826, 1259, 2604, 2606, 2618, 2620, 3256, 3381}
"""The oids of the catalogs of parts: none (data, privileges), pg_default_acl, pg_class, pg_attrdef,
pg_constraint, pg_rewrite, pg_trigger, pg_policy, pg_statistic_ext."""

TABLES = ("TABLE", "FOREIGN TABLE")
CREATED = "; made: "
"""The prefix of the list's lines that name, in JSON, an object that the rollback creates."""


@dataclass(frozen=True)
class Backup:
    """A file of pg_dump, and the entries to restore."""

    path: Path
    entries: Sequence[Entry]
    created: Sequence[Entry] = ()
    """The objects that the rollback has created. A restoration drops them."""

    @property
    def tables(self) -> list[Entry]:
        """The tables that are not partitions."""
        partitions = self.partitions
        return [entry for entry in self._of(*TABLES) if entry not in partitions]

    @property
    def partitions(self) -> list[Entry]:
        """The tables that are partitions."""
        attached = {(entry.schema, entry.name) for entry in self._of("TABLE ATTACH")}
        return [each for each in self._of(*TABLES) if (each.schema, each.name) in attached]

    def _of(self, *kinds: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind in kinds]

    @property
    def types(self) -> list[Entry]:
        return self._of("TYPE")

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size

    def remove(self) -> None:
        """Remove the file and its list."""
        self.path.unlink(missing_ok=True)
        list_of(self.path).unlink(missing_ok=True)


def read_own_tables(connection: BaseDatabaseWrapper, state: ProjectState) -> list[Address]:
    """Return the existing tables of the models in `state`, and the table of migration records."""
    alias, quote_name = connection.alias, connection.ops.quote_name
    names = [
        model._meta.db_table
        for model in state.apps.get_models(include_auto_created=True)
        if model._meta.can_migrate(alias) and router.allow_migrate_model(alias, model)
    ]
    rows = read_rows(connection, TABLE_OIDS, [[quote_name(name) for name in (*names, LEDGER)]])
    return [Address("pg_class", oid) for (oid,) in rows]


def write_backup(
    connection: BaseDatabaseWrapper,
    tools: ClientPrograms,
    objects: Collection[Address],
    directory: Path,
    created: Collection[ObjectName] = (),
) -> Backup:
    """Write a backup of the objects, such as tables and functions, and return it.

    A restoration drops the objects that are `created` after the backup.
    The file gets its final name when it is complete. Only the owner of the file can read it.
    Raise CommandError if the backup cannot be written, or if it lacks one of the objects.
    """
    roots = _read_roots(connection, objects)
    try:
        stem = _file_stem(read_schema(connection).database)
        with new_backup(directory, stem, alike=STEM) as (unfinished, path):
            tools.dump(unfinished, *_dump_options(connection, roots), lock_wait=LOCK_WAIT)
            entries = read_entries(unfinished)
            chosen = _entries_to_restore(entries, roots)
            _check_complete(connection, chosen, roots)
            _write_list(list_of(path), chosen, created)
        return Backup(path, chosen)
    except (ClientProgramError, ArchiveError) as error:
        raise CommandError(f"No backup could be written: {error}. {NEXT_STEP}") from error
    except OSError as error:
        raise CommandError(
            f"No backup could be written into {directory}: {error.strerror}. {NEXT_STEP}"
        ) from error


def _read_roots(
    connection: BaseDatabaseWrapper, objects: Collection[Address]
) -> dict[Address, int]:
    """Return the objects and the tables of identity sequences, with the oids of their catalogs.

    pg_dump dumps the sequence of an identity column only together with its table.
    """
    rows = read_rows(connection, ROOTS, address_parameters(objects))
    return {Address(name, oid): catalog for name, oid, catalog in rows}


STEM = r".+-\d{8}T\d{6}Z"
"""The pattern of the stems of all backups."""


def _file_stem(database: str) -> str:
    return f"{re.sub(r'[^\w.-]', '_', database)}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def read_backup(path: Path) -> Backup:
    """Return the backup in the file, with all entries if the file has no list.

    Raise ArchiveError if the file is no backup, is damaged, or has the list of another file.
    """
    entries = read_entries(path)
    if not list_of(path).exists():
        return Backup(path, entries)
    lines = list_of(path).read_text("utf-8", errors="replace").splitlines()
    chosen = {int(number) for line in lines if (number := line.partition(";")[0]).isdecimal()}
    if not chosen or not chosen <= {entry.id for entry in entries}:
        raise ArchiveError(f"{list_of(path).name} is the list of another file")
    created = [
        _new_entry(*json.loads(line[len(CREATED) :])) for line in lines if line.startswith(CREATED)
    ]
    return Backup(path, [entry for entry in entries if entry.id in chosen], created)


def _new_entry(catalog: int, schema: str, name: str) -> Entry:
    return Entry(0, catalog, 0, Section.NONE, KINDS[catalog], schema, name, frozenset())


def shell_path(path: Path) -> str:
    """Return `path` quoted for a shell. A path in the current directory becomes relative."""
    path = path.resolve()
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _dump_options(connection: BaseDatabaseWrapper, roots: Collection[Address]) -> Iterator[str]:
    """Yield pg_dump's options for the schemas of `roots` without their other tables."""
    for option, *names in read_rows(connection, DUMP_OPTIONS, address_parameters(roots)):
        pattern = ".".join(quote(name) for name in names if name is not None)
        yield f"--{option}={pattern}"


def _entries_to_restore(entries: Sequence[Entry], roots: Mapping[Address, int]) -> list[Entry]:
    """Return the entries of `roots`, their parts, and the types of their columns."""
    wanted = {(catalog, address.oid) for address, catalog in roots.items()}
    chosen = {entry.id for entry in entries if (entry.catalog, entry.oid) in wanted}
    types = {entry.id for entry in entries if entry.catalog == TYPES}
    size = -1
    while len(chosen) > size:
        size = len(chosen)
        for entry in entries:
            if entry.id in chosen:
                chosen |= entry.needs & types
            elif entry.catalog in PARTS and not chosen.isdisjoint(entry.needs):
                chosen.add(entry.id)
    return [entry for entry in entries if entry.id in chosen]


def _check_complete(
    connection: BaseDatabaseWrapper, entries: Sequence[Entry], roots: Collection[Address]
) -> None:
    """Raise CommandError if a root and its parent are both missing in `entries`."""
    dumped = [entry for entry in entries if entry.oid]
    parameters = address_parameters(roots) | {
        "dumped_catalogs": [entry.catalog for entry in dumped],
        "dumped_oids": [entry.oid for entry in dumped],
    }
    if missing := [text for (text,) in read_rows(connection, MISSING, parameters)]:
        raise CommandError(f"No backup can contain {', '.join(missing)}. {NEXT_STEP}")


def _write_list(path: Path, entries: Sequence[Entry], created: Collection[ObjectName]) -> None:
    """Write the list. Lines with created objects are comments for pg_restore."""
    ordered = _partitioned_indexes_late(entries)
    lines = [f"{entry.id}; {printable(str(entry)).replace('\n', ' ')}\n" for entry in ordered]
    backed_up = {(entry.catalog, entry.schema, entry.name) for entry in entries}
    new = [f"{CREATED}{json.dumps(each)}\n" for each in sorted(created) if each not in backed_up]
    path.touch(mode=0o600)
    path.write_text("".join([*lines, *new]), "utf-8")


def _partitioned_indexes_late(entries: Sequence[Entry]) -> list[Entry]:
    """Move the keys and indexes of partitioned tables behind the keys and indexes of partitions.

    pg_restore drops the last entry first. PostgreSQL drops the key of a partition only together
    with the key of the partitioned table.
    """
    partitions = {entry.id for entry in Backup(Path(), entries).partitions}
    attachments = [entry for entry in entries if entry.kind == "INDEX ATTACH"]
    attached = frozenset[int]().union(*(entry.needs for entry in attachments))
    late = [
        entry
        for entry in entries
        if entry.kind in ("CONSTRAINT", "INDEX")
        and entry.id in attached
        and partitions.isdisjoint(entry.needs)
    ]
    early = [entry for entry in entries if entry not in late]
    place = early.index(attachments[0]) if attachments else len(early)
    return [*early[:place], *late, *early[place:]]


TABLE_OIDS = """
    SELECT to_regclass(name)::oid::bigint FROM unnest(%s::text[]) AS name
     WHERE to_regclass(name) IS NOT NULL
"""

ROOTS = """
    WITH root AS (
        SELECT * FROM unnest(%(catalogs)s::text[], %(oids)s::oid[]) AS root (catalog, oid)
    )
    SELECT catalog, oid::bigint, catalog::regclass::oid::bigint FROM root
     UNION
    SELECT catalog, refobjid::bigint, refclassid::bigint
      FROM root
      JOIN pg_depend ON (classid, objid) = ('pg_class'::regclass, oid)
      JOIN pg_sequence ON seqrelid = objid
     WHERE catalog = 'pg_class' AND refclassid = 'pg_class'::regclass AND deptype = 'i'
"""

# "owned" has the relations that are dropped with a table, such as its partitions and sequences.
DUMP_OPTIONS = """
    WITH RECURSIVE root AS (
        SELECT catalog::regclass AS catalog, oid
          FROM unnest(%(catalogs)s::text[], %(oids)s::oid[]) AS root (catalog, oid)
    ), owned AS (
        SELECT oid FROM root WHERE catalog = 'pg_class'::regclass
         UNION
        SELECT objid FROM owned JOIN pg_depend ON refobjid = oid
         WHERE refclassid = 'pg_class'::regclass AND classid = 'pg_class'::regclass
           AND deptype IN ('a', 'i', 'P')
    ), chosen AS (
        SELECT DISTINCT n.oid, n.nspname
          FROM root
         CROSS JOIN LATERAL pg_identify_object(root.catalog, root.oid, 0) AS o
          JOIN pg_namespace AS n
            ON quote_ident(n.nspname) = o.schema
            OR root.catalog = 'pg_namespace'::regclass AND n.oid = root.oid
         WHERE n.nspname NOT LIKE 'pg\\_%%'
    )
    SELECT 'schema', nspname, NULL FROM chosen
     UNION ALL
    SELECT 'exclude-table', nspname, relname
      FROM pg_class JOIN chosen ON chosen.oid = relnamespace
     WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND pg_class.oid NOT IN (SELECT oid FROM owned)
     UNION ALL
    SELECT 'extension', extname, NULL
      FROM pg_extension JOIN root USING (oid) WHERE catalog = 'pg_extension'::regclass
"""

# The backup of a table does not contain the publications of the table.
MISSING = """
    WITH RECURSIVE root AS (
        SELECT catalog::regclass::oid AS catalog, oid
          FROM unnest(%(catalogs)s::text[], %(oids)s::oid[]) AS root (catalog, oid)
    ), root_or_parent AS (
        SELECT catalog AS root_catalog, oid AS root_oid, catalog, oid FROM root
         UNION
        SELECT root_catalog, root_oid, refclassid, refobjid
          FROM root_or_parent
          JOIN pg_depend ON (classid, objid) = (catalog, oid)
         WHERE deptype IN ('a', 'i', 'P', 'S', 'e') AND classid <> 'pg_publication_rel'::regclass
    )
    SELECT pg_describe_object(root_catalog, root_oid, 0)
      FROM root_or_parent
      LEFT JOIN unnest(%(dumped_catalogs)s::oid[], %(dumped_oids)s::oid[]) AS dumped (catalog, oid)
             ON dumped = (root_or_parent.catalog, root_or_parent.oid)
     GROUP BY root_catalog, root_oid
    HAVING count(dumped.oid) = 0
     ORDER BY 1
"""
