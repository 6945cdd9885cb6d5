"""The table of contents of a file in pg_dump's custom format.

`pg_restore --list` prints unquoted names, which are ambiguous, so the file itself is read. Its
format is defined in pg_backup_archiver.c of PostgreSQL.
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
    """The error for a file that is not a readable backup. The message is the reason."""


class Section(IntEnum):
    """The phase of a restoration in which an entry is restored."""

    NONE = 1
    """Comments, privileges and other metadata."""
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
"""The kinds of objects by catalog oid. Every database has the same catalog oids."""


@dataclass(frozen=True)
class Entry:
    """An object in a dump, a part of an object, or the data of a table."""

    id: int
    catalog: int
    """The oid of the object's catalog, such as pg_class; 0 for data and comments."""
    oid: int
    """The oid of the object in the dumped database."""
    section: Section
    kind: str
    schema: str
    name: str
    """The unquoted name; for a function, with the types of its arguments."""
    needs: frozenset[int]
    """The ids of the entries on which this entry depends."""

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.schema + '.' if self.schema else ''}{self.name}"


def read_entries(path: Path) -> list[Entry]:
    """Return the table of contents, in the order in which pg_restore restores the entries.

    Raise ArchiveError if the file is not in the custom format of a known version.
    """
    with path.open("rb") as file:
        try:
            return list(_Reader(file).entries())
        except (EOFError, ValueError) as error:
            raise ArchiveError("it is damaged, or its table of contents cannot be read") from error


class _Reader:
    """A reader of pg_dump's binary numbers and strings."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        if self._read(len(MAGIC)) != MAGIC:
            raise ArchiveError("it is not a file in pg_dump's custom format")
        *self.version, _, self.int_size, self.offset_size, archive_format = self._read(6)
        if (*self.version,) not in VERSIONS or archive_format != CUSTOM:
            raise ArchiveError(
                "it is not a file that pg_dump 15 to 18 has written in the custom format"
            )

    def entries(self) -> Iterator[Entry]:
        if self.version >= [1, 15]:
            self._read(1)  # the compression
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
        for _ in range(2):  # the owner, and the flag for tables with oids
            self._str()
        needs = frozenset(map(int, iter(self._str, "")))
        self._read(1 + self.offset_size)  # the position of the data
        return Entry(dump_id, catalog, oid, section, kind, schema, name, needs)

    def _int(self) -> int:
        sign, *digits = self._read(1 + self.int_size)
        number = int.from_bytes(digits, "little")
        return -number if sign else number

    def _str(self) -> str:
        """Return a string, or '' for a null."""
        return self._read(max(self._int(), 0)).decode()

    def _read(self, count: int) -> bytes:
        content = self.file.read(count)
        if len(content) < count:
            raise EOFError
        return content
