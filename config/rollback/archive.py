"""The table of contents of a file in pg_dump's custom format.

`pg_restore --list` prints names without quotes, so that they cannot be told apart by what it
prints. The file has each part by itself. Its format is pg_backup_archiver.c of PostgreSQL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

MAGIC, CUSTOM = b"PGDMP", 1
VERSIONS = {(1, 14), (1, 15), (1, 16)}
"""The versions of the format that pg_dump 15 to 18 write."""


class ArchiveError(Exception):
    """The file is not a backup that can be read; the message says why."""


class Section(IntEnum):
    """The part of a restoration to which an entry belongs."""

    NONE = 1
    """A comment, a privilege or the like."""
    PRE_DATA = 2
    DATA = 3
    POST_DATA = 4


KINDS = {
    1259: "TABLE",
    1247: "TYPE",
    1255: "FUNCTION",
    2615: "SCHEMA",
    3079: "EXTENSION",
    3456: "COLLATION",
}
"""The kinds of objects by the oids of their catalogs, which are the same in every database."""


@dataclass(frozen=True)
class Entry:
    """An object in a dump, a part of one, or its data."""

    id: int
    catalog: int
    """The oid of the catalog that has the object, such as pg_class; 0 of data and comments."""
    oid: int
    """The oid of the object in the database that was dumped."""
    section: Section
    kind: str
    schema: str
    name: str
    """As it is in the catalog; of a function, with the types of its arguments."""
    needs: frozenset[int]
    """The entries that must be there first."""

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.schema + '.' if self.schema else ''}{self.name}"


def read_entries(path: Path) -> list[Entry]:
    """Return the table of contents, in the order in which pg_restore would restore it.

    Raise ArchiveError if the file is not in the custom format of a known version.
    """
    with path.open("rb") as file:
        try:
            return list(_Reader(file).entries())
        except (EOFError, ValueError) as error:
            raise ArchiveError("it is damaged, or its table of contents cannot be read") from error


class _Reader:
    """A reader of numbers and strings as pg_dump writes them."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        if self._take(len(MAGIC)) != MAGIC:
            raise ArchiveError("it is not a file in pg_dump's custom format")
        *self.version, _, self.int_size, self.offset_size, archive_format = self._take(6)
        if (*self.version,) not in VERSIONS or archive_format != CUSTOM:
            raise ArchiveError(
                "it is not a file that pg_dump 15 to 18 has written in the custom format"
            )

    def entries(self) -> Iterator[Entry]:
        if self.version >= [1, 15]:
            self._take(1)  # how the data is compressed
        else:
            self._int()
        for _ in range(7):  # the parts of the time
            self._int()
        for _ in range(3):  # the database, and the versions of the server and of pg_dump
            self._str()
        for _ in range(self._int()):
            yield self._entry()

    def _entry(self) -> Entry:
        dump_id, _ = self._int(), self._int()
        catalog, oid = int(self._str()), int(self._str())
        name, kind, section = self._str(), self._str(), Section(self._int())
        for _ in range(3):  # the statements that create, drop and copy
            self._str()
        schema = self._str()
        for _ in range(2):  # the tablespace and the access method
            self._str()
        if self.version >= [1, 16]:
            self._int()  # the kind of the relation
        for _ in range(2):  # the owner, and whether there are oids
            self._str()
        needs = frozenset(map(int, iter(self._str, "")))
        self._take(1 + self.offset_size)  # where the data is
        return Entry(dump_id, catalog, oid, section, kind, schema, name, needs)

    def _int(self) -> int:
        sign, *digits = self._take(1 + self.int_size)
        number = int.from_bytes(digits, "little")
        return -number if sign else number

    def _str(self) -> str:
        """Return a string; '' also if there is none."""
        return self._take(max(self._int(), 0)).decode()

    def _take(self, count: int) -> bytes:
        taken = self.file.read(count)
        if len(taken) < count:
            raise EOFError
        return taken
