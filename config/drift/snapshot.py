"""The expected schema as a file, for roles and standbys that cannot create temporary tables.

The file is sorted plain text with one attribute per line, so that a review shows what changed:

    # verify_schema snapshot, format 2
    # PostgreSQL 18
    # models 3f2a6c01d9e84b77
    # objects 8d50b1f6a3c9e274

    ["column", "courses", "price"]
        default: "0"
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from config.drift.expected import creation_sql, expected_models, read_complete
from config.drift.live import reading
from config.postgres.catalog import Attributes, Catalog, CatalogError, Key, Value

FIRST_LINE = "# verify_schema snapshot, format 2"
TO_WRITE = "manage.py verify_schema --snapshot FILE"


def write_snapshot(path: Path, connection: BaseDatabaseWrapper) -> None:
    """Write the expected schema. Raise CatalogError if the file cannot be written."""
    with reading(connection):
        objects = list(_lines(read_complete(connection)))
        lines = [FIRST_LINE, *_origin(connection), _checksum(objects), *objects, ""]
    try:
        path.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise CatalogError(f"Cannot write the snapshot {path}: {error.strerror}.") from error


def read_snapshot(path: Path, connection: BaseDatabaseWrapper) -> Catalog:
    """Return the expected schema that the file holds.

    Raise CatalogError if it is not a snapshot for this server and these models.
    """
    server, models = _origin(connection)
    try:
        title, of_server, of_models, checksum, *objects, _ = path.read_text("utf-8").split("\n")
        if title != FIRST_LINE:
            raise ValueError
        if of_server != server:
            raise CatalogError(
                f"The snapshot {path} is of {of_server[2:]}, but the server is {server[2:]}. "
                f"Write a new one on this server: {TO_WRITE}"
            )
        if of_models != models:
            raise CatalogError(
                f"The snapshot {path} is stale: the models have changed. Write it again: {TO_WRITE}"
            )
        if checksum != _checksum(objects):
            raise CatalogError(
                f"The snapshot {path} is damaged, or was edited. Write it again: {TO_WRITE}"
            )
        return dict(_objects(objects))
    except OSError as error:
        raise CatalogError(f"Cannot read the snapshot {path}: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        raise CatalogError(
            f"The file {path} is not a snapshot of this verify_schema. Write one: {TO_WRITE}"
        ) from error


def _origin(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    """Return the lines of the header that name the server's version and the models."""
    major_version = connection.get_database_version()[0]
    statements = creation_sql(connection, expected_models(connection.alias))
    return f"# PostgreSQL {major_version}", f"# models {_digest(statements)}"


def _checksum(objects: list[str]) -> str:
    """Return the line of the header that shows whether the file was edited."""
    return f"# objects {_digest(objects)}"


def _digest(lines: list[str]) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


def _lines(catalog: Catalog) -> Iterator[str]:
    for key in sorted(catalog):
        yield ""
        yield json.dumps([key.kind, key.table, key.name], ensure_ascii=False)
        for attribute, value in sorted(catalog[key].items()):
            if value is not None:
                yield f"    {attribute}: {json.dumps(value, ensure_ascii=False)}"


def _objects(lines: list[str]) -> Iterator[tuple[Key, Attributes]]:
    attributes: dict[str, Value] = {}
    for line in lines:
        if line.startswith("["):
            attributes = {}
            kind, table, name = json.loads(line)
            yield Key(kind, table, name), attributes
        elif line:
            attribute, _, value = line.strip().partition(": ")
            attributes[attribute] = json.loads(value)
