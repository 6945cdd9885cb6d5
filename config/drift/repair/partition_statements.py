"""The SQL that creates and attaches partitions, and copies rows between tables."""

from collections.abc import Iterable, Iterator

from config.drift.difference import parts_of
from config.drift.repair.phases import (
    Phase,
    Statement,
    is_on_cluster,
    quoted_table,
    serial_sequence,
)
from config.postgres import in_schema_of
from config.postgres.catalog import Catalog, Key, literal, quote


def create_partition(key: Key, expected: Catalog) -> Statement:
    """Return the statement that creates a partition with its rows from the default partition."""
    table, name = quoted_table(key.table), quoted_partition(key)
    bound = expected[key]["partition bound"]
    if bound == "DEFAULT":
        return Statement(Phase.TABLES, f"CREATE TABLE {name} PARTITION OF {table} {bound};")
    including = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED"
    create = f"CREATE TABLE {name} (LIKE {table} {including});"
    return _attach(key, expected, [create, set_owner_like(table, name)])


def reattach(key: Key, expected: Catalog, live: Catalog) -> Statement:
    """Return the statement that attaches a live partition with its expected bound."""
    detach = f"ALTER TABLE {quoted_table(key.table)} DETACH PARTITION {quoted_partition(key)}"
    if live[key]["attached"] == "detach pending" and is_on_cluster(key.table, live):
        return _reattach_on_coordinator(f"{detach} FINALIZE;", key, expected)
    first = {"yes": [f"{detach};"], "detach pending": [f"{detach} FINALIZE;"]}
    rows = _move_to_months(key, live) if expected[key]["partition bound"] == "DEFAULT" else []
    return _attach(key, expected, [*first.get(str(live[key]["attached"]), []), *rows])


def _reattach_on_coordinator(finalize: str, key: Key, expected: Catalog) -> Statement:
    """Return the statement that ends a DETACH CONCURRENTLY on a cluster and reverts it.

    Citus refuses to detach concurrently, so the detachment is pending on the coordinator only.
    """
    bound = expected[key]["partition bound"]
    attach = f"ALTER TABLE {quoted_table(key.table)} ATTACH PARTITION {quoted_partition(key)}"
    switch = "SET LOCAL citus.enable_ddl_propagation = {};"
    locally = [switch.format("off"), finalize, f"{attach} {bound};", switch.format("on")]
    return do_block(Phase.FINISH, locally)


def _attach(key: Key, expected: Catalog, first: Iterable[str]) -> Statement:
    table, name = quoted_table(key.table), quoted_partition(key)
    bound = str(expected[key]["partition bound"])
    moved = [] if bound == "DEFAULT" else _move_from_default(key, bound, expected)
    attach = f"ALTER TABLE {table} ATTACH PARTITION {name} {bound};"
    return do_block(Phase.FINISH, [*first, *moved, attach])


def _move_from_default(key: Key, bound: str, expected: Catalog) -> Iterator[str]:
    """Yield the lines that move rows out of the default partition, because they prevent ATTACH."""
    default = next(
        quoted_partition(part)
        for part in parts_of(key.table, "partition", expected)
        if expected[part]["partition bound"] == "DEFAULT"
    )
    conditions = " AND ".join(_bound_conditions(key.table, bound, expected))
    columns = writable_columns(key.table, expected)
    yield f"LOCK TABLE {default};"
    yield f"WITH moved AS (DELETE FROM {default}"
    yield f"  WHERE {conditions} RETURNING {columns})"
    yield f"{insert_select(quoted_partition(key), columns)} FROM moved;"


def _move_to_months(default: Key, live: Catalog) -> Iterator[str]:
    """Yield the lines that move rows from a detached default partition to attached partitions."""
    months = [
        " AND ".join(_bound_conditions(default.table, str(live[key]["partition bound"]), live))
        or "true"
        for key in parts_of(default.table, "partition", live)
        if key != default and live[key]["attached"] == "yes"
    ]
    if months:
        columns = writable_columns(default.table, live)
        yield f"WITH moved AS (DELETE FROM {quoted_partition(default)}"
        yield f"  WHERE {' OR '.join(months)} RETURNING {columns})"
        yield f"{insert_select(quoted_table(default.table), columns)} FROM moved;"


def _bound_conditions(table: str, bound: str, catalog: Catalog) -> Iterator[str]:
    """Yield the conditions that are true for the rows within the bound."""
    _, _, column = str(catalog[Key("table", "", table)]["partition key"]).partition("(")
    start, _, end = bound.removeprefix("FOR VALUES FROM (").partition(") TO (")
    for operator, time in ((">=", start), ("<", end.removesuffix(")"))):
        if time not in ("MINVALUE", "MAXVALUE"):
            yield f"{column.removesuffix(')')} {operator} {time}"


def set_owner_like(table: str, new: str) -> str:
    """Return a PL/pgSQL statement that gives the table `new` the owner of `table`."""
    alter = literal(f"ALTER TABLE {new} OWNER TO %I")
    owner = f"SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = {literal(table)}::regclass"
    return f"EXECUTE format({alter}, ({owner}));"


def set_sequence(column: Key) -> str:
    """Return a setval() and its FROM clause, so that the next value follows the highest value."""
    table, highest = quoted_table(column.table), f"max({quote(column.name)})"
    return f"setval({serial_sequence(column)}, {highest}) FROM {table} HAVING {highest} > 0;"


def insert_select(table: str, columns: str) -> str:
    """Return an INSERT ... SELECT of these columns, without the FROM clause."""
    return f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns}"


def full_name(partition: Key) -> str:
    """Return the partition's name in the form of a model's db_table."""
    return in_schema_of(partition.table, partition.name)


def quoted_partition(partition: Key) -> str:
    """Return the partition's name as SQL, with the schema if its table's model names a schema."""
    return quoted_table(full_name(partition))


def writable_columns(table: str, catalog: Catalog) -> str:
    """Return the table's columns that are not generated, as a list in SQL."""
    columns = parts_of(table, "column", catalog)
    return ", ".join(quote(key.name) for key in columns if not catalog[key].get("generated"))


def do_block(phase: Phase, statements: Iterable[str], destructive: bool = False) -> Statement:
    """Return a DO statement, which PostgreSQL runs completely or, if a part fails, not at all."""
    # PostgreSQL refuses to alter a table that has pending checks of deferred foreign keys.
    statements = ["SET CONSTRAINTS ALL IMMEDIATE;", *statements]
    body = "\n".join(f"    {line}" for line in "\n".join(statements).split("\n"))
    return Statement(phase, f"DO $repair$\nBEGIN\n{body}\nEND\n$repair$;", destructive)
