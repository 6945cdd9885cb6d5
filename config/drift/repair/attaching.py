"""The creation of partitions, and the attachment of tables that should be partitions."""

from collections.abc import Iterable, Iterator

from config.drift.repair.statements import Phase, Statement, is_placed, relation
from config.postgres import in_schema_of
from config.postgres.catalog import Catalog, Key, literal, quote


def create_partition(key: Key, expected: Catalog) -> Statement:
    """Return the statement that creates a partition, with its rows of the default partition."""
    table, name = relation(key.table), relation(full_name(key))
    bound = expected[key]["partition bound"]
    if bound == "DEFAULT":
        return Statement(Phase.TABLES, f"CREATE TABLE {name} PARTITION OF {table} {bound};")
    including = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED"
    create = f"CREATE TABLE {name} (LIKE {table} {including});"
    return _attach(key, expected, [create, owned_like(table, name)])


def attach_again(key: Key, expected: Catalog, live: Catalog) -> Statement:
    """Return the statement that attaches a partition with its bound, detached before if need be."""
    detach = f"ALTER TABLE {relation(key.table)} DETACH PARTITION {relation(full_name(key))}"
    if live[key]["attached"] == "detach pending" and is_placed(key.table, live):
        return _attach_on_coordinator(f"{detach} FINALIZE;", key, expected)
    first = {"yes": [f"{detach};"], "detach pending": [f"{detach} FINALIZE;"]}
    rows = _move_back(key, live) if expected[key]["partition bound"] == "DEFAULT" else []
    return _attach(key, expected, [*first.get(str(live[key]["attached"]), []), *rows])


def _attach_on_coordinator(finalize: str, key: Key, expected: Catalog) -> Statement:
    """Return the statement that attaches a partition of a table on a cluster as it was.

    Citus refuses to detach CONCURRENTLY, so only the coordinator has detached it by half.
    """
    bound = expected[key]["partition bound"]
    attach = f"ALTER TABLE {relation(key.table)} ATTACH PARTITION {relation(full_name(key))}"
    switch = "SET LOCAL citus.enable_ddl_propagation = {};"
    locally = [switch.format("off"), finalize, f"{attach} {bound};", switch.format("on")]
    return block(Phase.FINISH, locally)


def _attach(key: Key, expected: Catalog, first: Iterable[str]) -> Statement:
    table, name = relation(key.table), relation(full_name(key))
    bound = str(expected[key]["partition bound"])
    default = _default_of(key.table, expected)
    moved = [] if "DEFAULT" in (bound, default) else _move(key, bound, default, expected)
    attach = f"ALTER TABLE {table} ATTACH PARTITION {name} {bound};"
    return block(Phase.FINISH, [*first, *moved, attach])


def _default_of(table: str, expected: Catalog) -> str:
    """Return the default partition."""
    return next(
        relation(full_name(key))
        for key in expected
        if (key.kind, key.table) == ("partition", table)
        and expected[key]["partition bound"] == "DEFAULT"
    )


def _move(key: Key, bound: str, default: str, expected: Catalog) -> Iterator[str]:
    """Yield the statements that move rows of the default partition, which would be in the way."""
    columns = columns_of(key.table, expected)
    yield f"LOCK TABLE {default};"
    yield f"WITH moved AS (DELETE FROM {default}"
    yield f"  WHERE {' AND '.join(_conditions(key.table, bound, expected))} RETURNING {columns})"
    yield f"{insert(relation(full_name(key)), columns)} FROM moved;"


def _move_back(key: Key, live: Catalog) -> Iterator[str]:
    """Yield the statement that moves rows whose month was made while the default was detached."""
    months = [
        " AND ".join(_conditions(key.table, str(live[part]["partition bound"]), live)) or "true"
        for part in live
        if (part.kind, part.table) == ("partition", key.table) and part != key
        if live[part]["attached"] == "yes"
    ]
    if months:
        columns, name = columns_of(key.table, live), relation(full_name(key))
        yield f"WITH moved AS (DELETE FROM {name}"
        yield f"  WHERE {' OR '.join(months)} RETURNING {columns})"
        yield f"{insert(relation(key.table), columns)} FROM moved;"


def _conditions(table: str, bound: str, expected: Catalog) -> Iterator[str]:
    """Yield the conditions that a row within the bound fulfils."""
    _, _, column = str(expected[Key("table", "", table)]["partition key"]).partition("(")
    start, _, end = bound.removeprefix("FOR VALUES FROM (").partition(") TO (")
    for operator, time in ((">=", start), ("<", end.removesuffix(")"))):
        if time not in ("MINVALUE", "MAXVALUE"):
            yield f"{column.removesuffix(')')} {operator} {time}"


def owned_like(table: str, new: str) -> str:
    """Return the statement of a block that gives a new table the owner of `table`."""
    alter = literal(f"ALTER TABLE {new} OWNER TO %I")
    owner = f"SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = {literal(table)}::regclass"
    return f"EXECUTE format({alter}, ({owner}));"


def insert(table: str, columns: str) -> str:
    """Return the statement that inserts rows into these columns, up to its FROM."""
    return f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns}"


def full_name(key: Key) -> str:
    """Return the partition's name as models write names of tables."""
    return in_schema_of(key.table, key.name)


def columns_of(table: str, catalog: Catalog) -> str:
    """Return the names of the table's columns that can be written."""
    return ", ".join(
        quote(key.name)
        for key in catalog
        if (key.kind, key.table) == ("column", table) and not catalog[key].get("generated")
    )


def block(phase: Phase, statements: Iterable[str], destructive: bool = False) -> Statement:
    """Return the statement that runs all of the statements or, if one of them fails, none."""
    # A table whose foreign keys are still to be checked could not be altered.
    statements = ["SET CONSTRAINTS ALL IMMEDIATE;", *statements]
    body = "\n".join(f"    {line}" for line in "\n".join(statements).split("\n"))
    return Statement(phase, f"DO $repair$\nBEGIN\n{body}\nEND\n$repair$;", destructive)
