"""The expected catalog as a file: for roles and standbys that may not make temporary tables.

Plain text, sorted, an attribute a line, so that a review shows what changed:

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

from config.postgres.catalog import Attributes, Catalog, CatalogError, Key, Value

TITLE = "# verify_schema snapshot, format 2"
AGAIN = "manage.py verify_schema --snapshot FILE"


def write_snapshot(path: Path, catalog: Catalog, major_version: int, models: str) -> None:
    """Raises CatalogError if the file cannot be written."""
    objects = list(_lines(catalog))
    head = [TITLE, f"# PostgreSQL {major_version}", f"# models {models}", _digest(objects)]
    try:
        path.write_text("\n".join([*head, *objects, ""]), encoding="utf-8", newline="\n")
    except OSError as error:
        raise CatalogError(f"Cannot write the snapshot {path}: {error.strerror}.") from error


def read_snapshot(path: Path, major_version: int, models: str) -> Catalog:
    """Raises CatalogError if `path` is no snapshot, or not one of this server and these models."""
    try:
        title, server, of_models, digest, *objects, _ = path.read_text(encoding="utf-8").split("\n")
        if title != TITLE:
            raise ValueError
        if server != f"# PostgreSQL {major_version}":
            raise CatalogError(
                f"The snapshot {path} is of {server.removeprefix('# ')}, but the server is "
                f"PostgreSQL {major_version}. Write one there: {AGAIN}"
            )
        if of_models != f"# models {models}":
            raise CatalogError(
                f"The snapshot {path} is stale: the models have changed. Write it again: {AGAIN}"
            )
        if digest != _digest(objects):
            raise CatalogError(
                f"The snapshot {path} is damaged, or was edited. Write it again: {AGAIN}"
            )
        return dict(_objects(objects))
    except OSError as error:
        raise CatalogError(f"Cannot read the snapshot {path}: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        raise CatalogError(
            f"The file {path} is not a snapshot of this verify_schema. Write one: {AGAIN}"
        ) from error


def _digest(lines: list[str]) -> str:
    content = "\n".join(lines)
    return f"# objects {sha256(content.encode()).hexdigest()[:16]}"


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
