"""The snapshot: a file with the expected schema, for roles that cannot create temporary tables.

The file is plain text with one attribute per line, so that a review shows each change. The objects
are in the order of creation, because repairs need this order:

    # verify_schema snapshot, format 2
    # PostgreSQL 18
    # models 3f2a6c01d9e84b77
    # objects 8d50b1f6a3c9e274

    ["column", "courses", "price"]
        default: "0"
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from config.drift.expected import creation_sql, expected_models, read_complete
from config.drift.live_schema import read_transaction
from config.postgres.catalog import Attributes, Catalog, CatalogError, Key, Value

FIRST_LINE = "# verify_schema snapshot, format 2"
TO_WRITE = "manage.py verify_schema --snapshot FILE"


def write_snapshot(path: Path, connection: BaseDatabaseWrapper) -> None:
    """Write the expected schema to a file. Raise CatalogError if this fails."""
    with read_transaction(connection):
        objects = list(_encode(read_complete(connection)))
        header = [FIRST_LINE, _server_line(connection), _models_line(connection)]
        lines = [*header, _checksum_line(objects), *objects, ""]
    try:
        path.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise CatalogError(f"Cannot write the snapshot {path}: {error.strerror}.") from error


def read_snapshot(path: Path, connection: BaseDatabaseWrapper) -> Catalog:
    """Return the expected schema from the file.

    Raise CatalogError if the file is not a snapshot for the server's version and these models.
    """
    server = _server_line(connection)
    with _explained(path):
        title, of_server, of_models, checksum, *objects, _ = path.read_text("utf-8").split("\n")
        if title != FIRST_LINE:
            raise ValueError
    if of_server != server:
        raise CatalogError(
            f"The snapshot {path} is for {of_server[2:]}, but the server is {server[2:]}. "
            f"Write a new one on this server: {TO_WRITE}"
        )
    if of_models != _models_line(connection):
        raise CatalogError(
            f"The snapshot {path} is stale: the models have changed. Write it again: {TO_WRITE}"
        )
    if checksum != _checksum_line(objects):
        raise CatalogError(
            f"The snapshot {path} was edited or is damaged. Write it again: {TO_WRITE}"
        )
    with _explained(path):
        return _decode(objects)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Raise CatalogError if the file cannot be read, or is not a snapshot."""
    try:
        yield
    except OSError as error:
        raise CatalogError(f"Cannot read the snapshot {path}: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        raise CatalogError(
            f"The file {path} is not a snapshot that verify_schema can read. Write one: {TO_WRITE}"
        ) from error


def _server_line(connection: BaseDatabaseWrapper) -> str:
    return f"# PostgreSQL {connection.get_database_version()[0]}"


def _models_line(connection: BaseDatabaseWrapper) -> str:
    statements = creation_sql(connection, expected_models(connection.alias))
    return f"# models {_digest(statements)}"


def _checksum_line(objects: list[str]) -> str:
    return f"# objects {_digest(objects)}"


def _digest(lines: list[str]) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


def _encode(catalog: Catalog) -> Iterator[str]:
    for key, attributes in catalog.items():
        yield ""
        yield json.dumps([key.kind, key.table, key.name], ensure_ascii=False)
        for attribute, value in sorted(attributes.items()):
            if value is not None:
                yield f"    {attribute}: {json.dumps(value, ensure_ascii=False)}"


def _decode(lines: list[str]) -> Catalog:
    catalog: dict[Key, Attributes] = {}
    attributes: dict[str, Value] = {}
    for line in lines:
        if line.startswith("["):
            attributes = {}
            catalog[Key(*json.loads(line))] = attributes
        elif line:
            attribute, _, value = line.strip().partition(": ")
            attributes[attribute] = json.loads(value)
    return catalog
