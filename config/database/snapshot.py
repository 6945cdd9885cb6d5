"""The expected catalog as a file: for roles and standbys that may not make temporary tables.

Plain text, sorted, an attribute a line, so that a review shows what changed:

    # verify_schema snapshot, format 1
    # PostgreSQL 18
    # models 3f2a6c01d9e84b77

    ["column", "courses", "price"]
        default: "0"
"""

import json
from collections.abc import Iterator
from pathlib import Path

from config.database.catalog import Attributes, Catalog, CatalogError, Key, Value

TITLE = "# verify_schema snapshot, format 1"
AGAIN = "manage.py verify_schema --snapshot FILE"


def write_snapshot(path: Path, catalog: Catalog, major_version: int, models: str) -> None:
    """Raises CatalogError if the file cannot be written."""
    lines = [TITLE, f"# PostgreSQL {major_version}", f"# models {models}"]
    for key in sorted(catalog):
        lines += ["", json.dumps([key.kind, key.table, key.name])]
        lines += [
            f"    {attribute}: {json.dumps(value, ensure_ascii=False)}"
            for attribute, value in sorted(catalog[key].items())
            if value is not None
        ]
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise CatalogError(f"Cannot write the snapshot {path}: {error.strerror}.") from error


def read_snapshot(path: Path, major_version: int, models: str) -> Catalog:
    """Raises CatalogError if `path` is no snapshot, or not one of this server and these models."""
    try:
        title, server, digest, *lines = path.read_text(encoding="utf-8").splitlines()
        if title != TITLE:
            raise ValueError
        catalog = dict(_objects(lines))
    except OSError as error:
        raise CatalogError(f"Cannot read the snapshot {path}: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise CatalogError(
            f"{path} is not a snapshot of this verify_schema. Write one: {AGAIN}."
        ) from error
    if server != f"# PostgreSQL {major_version}":
        raise CatalogError(
            f"The snapshot {path} is of {server.removeprefix('# ')}, but the server is "
            f"PostgreSQL {major_version}. Write one there: {AGAIN}."
        )
    if digest != f"# models {models}":
        raise CatalogError(
            f"The snapshot {path} is stale: the models have changed since. Write it again: {AGAIN}."
        )
    return catalog


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
