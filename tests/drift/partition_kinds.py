"""The kinds of drift in partitions, with SQL that causes them."""

from dataclasses import dataclass

from tests.drift.mutations import LIMIT

TABLE, DEFAULT = "analytics_events", "analytics_events_default"
JANUARY, FEBRUARY, MARCH = (f"{TABLE}_2024_0{n}" for n in (1, 2, 3))

INSERT = """INSERT INTO analytics_events (event_type, "timestamp") """
MONTHS = (
    "".join(
        f"CREATE TABLE {TABLE}_2024_0{n} PARTITION OF {TABLE}"
        f" FOR VALUES FROM ('2024-0{n}-01 00:00+00') TO ('2024-0{n + 1}-01 00:00+00'); "
        for n in (1, 2, 3)
    )
    + INSERT
    + "SELECT 'x', day + interval '1 hour' FROM generate_series("
    "'2023-12-30 00:00+00', '2024-04-02 00:00+00', interval '1 day') AS day"
)
"""SQL that creates three months, with a row on each day and on some days around them."""

DETACH = f"ALTER TABLE {TABLE} DETACH PARTITION "
ATTACH = f"ALTER TABLE {TABLE} ATTACH PARTITION "
DROP_MONTH = DETACH + f"{FEBRUARY}; DROP TABLE {FEBRUARY}; "
SHORTER = (
    f"DELETE FROM {{0}} WHERE timestamp {{1}}; {DETACH}{{0}};"
    f" {ATTACH}{{0}} FOR VALUES FROM ('{{2}} 00:00+00') TO ('{{3}} 00:00+00'); "
)
LATER_ROWS = INSERT + "SELECT 'late', '2024-02-20 00:00+00' FROM generate_series(1, 9); "
REPLACED = f"""CREATE TABLE other (LIKE {TABLE} INCLUDING ALL EXCLUDING INDEXES) {{}};
INSERT INTO other SELECT * FROM {TABLE}; DROP TABLE {TABLE};
ALTER TABLE other RENAME TO {TABLE}; """


@dataclass(frozen=True)
class PartitionKind:
    """A kind of drift: its SQL, and each finding that reports it."""

    name: str
    sql: str
    findings: tuple[str, ...]
    since: int = 15

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def _of(partition: str, attribute: str, problem: int = 3) -> str:
    return f"VS11{problem} {TABLE}.{partition} {attribute}".rstrip()


def _kind(name: str, sql: str, *findings: str, since: int = 15) -> PartitionKind:
    return PartitionKind(name, sql, findings, since)


def _different(name: str, sql: str, attribute: str, since: int = 15) -> PartitionKind:
    """Return a kind in which an attribute of one partition differs."""
    return _kind(name, sql.format(FEBRUARY), _of(FEBRUARY, attribute), since=since)


DIVISIONS = [
    _kind("table unpartitioned", REPLACED.format(""), f"VS103 {TABLE} kind"),
    _kind(
        "table unpartitioned and without its keys and indexes",
        f"CREATE TABLE other AS TABLE {TABLE}; DROP TABLE {TABLE};"
        f" ALTER TABLE other RENAME TO {TABLE}",
        f"VS103 {TABLE} kind",
    ),
    _kind(
        "table partitioned by another column",
        REPLACED.format("PARTITION BY RANGE (id)").replace(
            "INSERT", f"CREATE TABLE {DEFAULT}_2 PARTITION OF other DEFAULT; INSERT"
        ),
        f"VS103 {TABLE} partition key",
    ),
    _kind(
        "table partitioned by hash",
        REPLACED.format("PARTITION BY HASH (timestamp)").replace(
            "INSERT",
            "CREATE TABLE all_rows PARTITION OF other FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
            " INSERT",
        ),
        f"VS103 {TABLE} partition key",
    ),
    _kind("table renamed", f"ALTER TABLE {TABLE} RENAME TO extra", f"VS101 {TABLE}", "VS102 extra"),
]

DEFAULTS = [
    _kind(
        "default partition dropped",
        f"DELETE FROM {DEFAULT}; DROP TABLE {DEFAULT}",
        _of(DEFAULT, "", 1),
    ),
    _kind(
        "default partition renamed",
        f"ALTER TABLE {DEFAULT} RENAME TO other",
        _of("other", "name"),
    ),
    _kind(
        "default partition in another schema",
        f"CREATE SCHEMA elsewhere; ALTER TABLE {DEFAULT} SET SCHEMA elsewhere",
        _of(DEFAULT, "schema"),
    ),
    _kind(
        "default partition in another schema, and a month dropped",
        f"CREATE SCHEMA elsewhere; ALTER TABLE {DEFAULT} SET SCHEMA elsewhere; {DROP_MONTH}",
        _of(DEFAULT, "schema"),
        _of(FEBRUARY, "", 1),
    ),
    _kind("default partition detached", DETACH + DEFAULT, _of(DEFAULT, "attached")),
    _kind(
        "default partition detached, and a month created for rows in it",
        f"{DETACH}{DEFAULT}; CREATE TABLE {TABLE}_2024_04 PARTITION OF {TABLE}"
        " FOR VALUES FROM ('2024-04-01 00:00+00') TO ('2024-05-01 00:00+00')",
        _of(DEFAULT, "attached"),
    ),
    _kind(
        "default partition with an extra index",
        f"CREATE INDEX extra ON {DEFAULT} (event_data)",
        _of(DEFAULT, "index extra"),
    ),
]

BOUNDS = [
    _kind("month dropped", DROP_MONTH, _of(FEBRUARY, "", 1)),
    _kind("month dropped, with rows inserted later", DROP_MONTH + LATER_ROWS, _of(FEBRUARY, "", 1)),
    _kind("month detached", DETACH + FEBRUARY, _of(FEBRUARY, "attached")),
    _kind(
        "month detached, with rows inserted later",
        DETACH + f"{FEBRUARY}; " + LATER_ROWS,
        _of(FEBRUARY, "attached"),
    ),
    _kind("last month detached", DETACH + MARCH, _of(MARCH, "attached")),
    _kind(
        "quarter detached by the command",
        f"DELETE FROM {DEFAULT}; CREATE TABLE quarter PARTITION OF {TABLE}"
        " FOR VALUES FROM ('2023-10-01 00:00+00') TO ('2024-01-01 00:00+00');"
        f" {DETACH}quarter; COMMENT ON TABLE quarter IS 'Detached from public.{TABLE}, as quarter:"
        " FOR VALUES FROM (''2023-10-01 00:00:00+00'') TO (''2024-01-01 00:00:00+00'')'",
        _of("quarter", "attached"),
    ),
    _kind(
        "month that is being detached",
        f"UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = '{FEBRUARY}'::regclass",
        _of(FEBRUARY, "attached"),
    ),
    _kind(
        "month that ends too early",
        SHORTER.format(FEBRUARY, ">= '2024-02-15'", "2024-02-01", "2024-02-15") + LATER_ROWS,
        _of(FEBRUARY, "partition bound"),
    ),
    _kind(
        "month that begins too late",
        SHORTER.format(FEBRUARY, "< '2024-02-25'", "2024-02-25", "2024-03-01") + LATER_ROWS,
        _of(FEBRUARY, "partition bound"),
    ),
    _kind(
        "month too short at both ends",
        SHORTER.format(
            FEBRUARY, "NOT BETWEEN '2024-02-05' AND '2024-02-10'", "2024-02-05", "2024-02-11"
        ),
        _of(FEBRUARY, "partition bound"),
    ),
    _kind(
        "months with a gap over two of them",
        DROP_MONTH
        + SHORTER.format(JANUARY, ">= '2024-01-10'", "2024-01-01", "2024-01-10")
        + SHORTER.format(MARCH, "< '2024-03-10'", "2024-03-10", "2024-04-01"),
        _of(JANUARY, "partition bound"),
        _of(FEBRUARY, "", 1),
        _of(MARCH, "partition bound"),
    ),
    _kind(
        "month in another schema",
        f"CREATE SCHEMA elsewhere; ALTER TABLE {FEBRUARY} SET SCHEMA elsewhere",
        _of(FEBRUARY, "schema"),
    ),
    _kind(
        "month partitioned again",
        f"{DETACH}{FEBRUARY}; ALTER TABLE {FEBRUARY} RENAME TO other;"
        f" CREATE TABLE {FEBRUARY} PARTITION OF {TABLE}"
        " FOR VALUES FROM ('2024-02-01 00:00+00') TO ('2024-03-01 00:00+00')"
        " PARTITION BY RANGE (timestamp);"
        f" CREATE TABLE all_days PARTITION OF {FEBRUARY} DEFAULT;"
        f" INSERT INTO {TABLE} SELECT * FROM other; DROP TABLE other",
        _of(FEBRUARY, "kind"),
    ),
]

ATTRIBUTES = [
    _different(
        "column of a month not null",
        "UPDATE {0} SET user_id = NULL; DELETE FROM {0} WHERE user_id IS NULL;"
        " ALTER TABLE {0} ALTER user_id SET NOT NULL",
        "column user_id",
    ),
    _different("month unlogged", "ALTER TABLE {} SET UNLOGGED", "persistence"),
    _different("month with options", "ALTER TABLE {} SET (fillfactor = 70)", "storage parameters"),
    _different(
        "month with another access method",
        "CREATE ACCESS METHOD extra_heap TYPE TABLE HANDLER heap_tableam_handler;"
        " ALTER TABLE {} SET ACCESS METHOD extra_heap",
        "access method",
    ),
    _different(
        "month with row level security",
        "ALTER TABLE {} ENABLE ROW LEVEL SECURITY",
        "row level security",
    ),
    _different(
        "month with row level security for the owner",
        "ALTER TABLE {} FORCE ROW LEVEL SECURITY",
        "row level security for the owner",
    ),
    _different(
        "month with another replica identity",
        "ALTER TABLE {} REPLICA IDENTITY FULL",
        "replica identity",
    ),
    _different(
        "month of another owner",
        "ALTER TABLE {} OWNER TO pg_monitor",
        "owner",
    ),
    _different(
        "column of a month with another default",
        "ALTER TABLE {} ALTER event_data SET DEFAULT '[]'",
        "column event_data",
    ),
    _different(
        "column of a month without its default",
        "ALTER TABLE {} ALTER id DROP DEFAULT",
        "column id",
    ),
    _different(
        "check on a month",
        "ALTER TABLE {} ADD CONSTRAINT extra_check CHECK (true)",
        "check extra_check",
    ),
    _different(
        "unique constraint on a month",
        "ALTER TABLE {} ADD CONSTRAINT extra_key UNIQUE (id)",
        "unique constraint extra_key",
    ),
    _different(
        "foreign key of a month",
        "ALTER TABLE {} ADD CONSTRAINT extra_fk FOREIGN KEY (user_id) REFERENCES users",
        "foreign key extra_fk",
    ),
    _different("index of a month", "CREATE INDEX extra ON {} (event_data)", "index extra"),
    _different(
        "index of a month invalid",
        "UPDATE pg_index SET indisvalid = false"
        " WHERE indexrelid = '{}_event_type_timestamp_idx'::regclass",
        f"index {TABLE}_type_idx",
    ),
    _different(
        "key of a month invalid",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{}_pkey'::regclass",
        f"primary key {TABLE}_pkey",
    ),
    _different(
        "trigger on a month",
        "CREATE TRIGGER extra BEFORE UPDATE ON {} FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "trigger extra",
    ),
    _different(
        "rule on a month", "CREATE RULE extra AS ON DELETE TO {} DO INSTEAD NOTHING", "rule extra"
    ),
    _different("policy on a month", "CREATE POLICY extra ON {} USING (true)", "policy extra"),
]

RECREATED = [
    _different(
        "foreign key of a month that is not enforced",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        f"foreign key {TABLE}_user_id_fk",
    ),
    _different(
        "index of a month with other options",
        "ALTER INDEX {}_event_type_timestamp_idx SET (fillfactor = 50)",
        f"index {TABLE}_type_idx",
    ),
]

OF_TABLE = [
    _kind(
        "index of the table alone",
        f"DROP INDEX {TABLE}_type_idx;"
        f" CREATE INDEX {TABLE}_type_idx ON ONLY {TABLE} (event_type, timestamp)",
        f"VS603 {TABLE}.{TABLE}_type_idx valid",
    ),
    _kind(
        "index of the table missing",
        f"DROP INDEX {TABLE}_type_idx",
        f"VS601 {TABLE}.{TABLE}_type_idx",
    ),
    _kind(
        "key of the table alone",
        f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey;"
        f" ALTER TABLE ONLY {TABLE} ADD PRIMARY KEY (id, timestamp)",
        f"VS303 {TABLE}.{TABLE}_pkey index valid",
    ),
    _kind(
        "index of the table extra",
        f"CREATE INDEX extra ON {TABLE} (event_data)",
        f"VS602 {TABLE}.extra",
    ),
    _kind(
        "check of the table extra",
        f"ALTER TABLE {TABLE} ADD CONSTRAINT extra CHECK (true)",
        f"VS502 {TABLE}.extra",
    ),
    _kind(
        "column of the table with another default",
        f"ALTER TABLE {TABLE} ALTER event_data SET DEFAULT '[]'",
        f"VS203 {TABLE}.event_data default",
    ),
    _kind(
        "column of the table of another type",
        f"ALTER TABLE {TABLE} ALTER event_type TYPE varchar(900)",
        f"VS203 {TABLE}.event_type type",
    ),
]

TOGETHER = PartitionKind(
    "month with many differences",
    "; ".join(kind.sql for kind in ATTRIBUTES),
    tuple(finding for kind in ATTRIBUTES for finding in kind.findings),
)
"""All kinds of ATTRIBUTES in one test. `make test-drift` also has a test for each of them."""

PARTITION_KINDS = [
    *(*DIVISIONS, *DEFAULTS, *BOUNDS, *RECREATED, *OF_TABLE, TOGETHER),
    *(ATTRIBUTES if LIMIT != 1 else ()),
]
