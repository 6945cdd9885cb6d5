"""Differences between the servers of a Citus cluster, caused by changes on a single server."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from config.drift.live_schema import LOCK_TIMEOUT, PINNED
from config.postgres import read_rows
from config.postgres.catalog import literal
from config.postgres.citus import IS_MANAGED, SHARD_NAME

SETTINGS = {**PINNED, "search_path": "pg_catalog", "lock_timeout": str(LOCK_TIMEOUT)}
# Each server compares its shards with their tables, and returns digests of its tables and types.
# Types that only the coordinator has are left out, since no distributed table needs them.
# The digests leave out the shard numbers that Citus adds to the names of referenced tables.
OBJECTS = rf"""
WITH shards AS (
    SELECT s.logicalrelid AS own, named.name, to_regclass(named.name) AS oid
      FROM pg_dist_shard AS s
      JOIN pg_class AS c ON c.oid = s.logicalrelid
      JOIN pg_dist_placement AS p USING (shardid)
      JOIN pg_dist_local_group AS here ON here.groupid = p.groupid
     CROSS JOIN LATERAL (SELECT {SHARD_NAME}) AS named (name)
), relations AS (
    SELECT oid FROM shards UNION SELECT logicalrelid FROM pg_dist_partition
), lines AS (
    SELECT attrelid AS oid, concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull,
                                      pg_get_expr(adbin, adrelid)) AS line
      FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT conrelid, concat(convalidated,
                            regexp_replace(pg_get_constraintdef(oid), '_\d{{6,}}', '', 'g'))
      FROM pg_constraint WHERE contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL
    SELECT indrelid, concat(indisunique, indisvalid,
                            substring(pg_get_indexdef(indexrelid) FROM ' USING .*'))
      FROM pg_index
), digests AS (
    SELECT oid, md5(string_agg(line, ' ' ORDER BY line COLLATE "C")) AS digest
      FROM relations JOIN lines USING (oid) GROUP BY oid
), labels AS (
    SELECT enumtypid::regtype AS name, string_agg(enumlabel, ' ' ORDER BY enumsortorder) AS digest
      FROM pg_enum JOIN pg_dist_object ON objid = enumtypid AND classid = 'pg_type'::regclass
     GROUP BY enumtypid
)
SELECT json_build_object(
    'shards', (SELECT json_agg(shards.name ORDER BY shards.name)
                 FROM shards JOIN digests AS whole ON whole.oid = shards.own
                 LEFT JOIN digests AS shard ON shard.oid = shards.oid
                WHERE shard.digest IS DISTINCT FROM whole.digest),
    'tables', (SELECT json_object_agg(logicalrelid, digest)
                 FROM pg_dist_partition JOIN digests ON oid = logicalrelid
                WHERE NOT ({IS_MANAGED})),
    'types', (SELECT json_object_agg(name, digest) FROM labels))
"""
# Citus sends a single statement. Its CASE applies the settings before it prints any definition.
WITH_SETTINGS = """
SELECT CASE WHEN (SELECT count(set_config(key, value, true)) FROM json_each_text({settings})
                   WHERE current_setting(key, true) IS NOT NULL) > 0 THEN ({objects}) END
"""
SERVER = WITH_SETTINGS.format(settings=literal(json.dumps(SETTINGS)), objects=OBJECTS)
SERVERS = """
SELECT concat_ws(':', coalesce(nodename, current_setting('citus.local_hostname')),
                 coalesce(nodeport, current_setting('port')::int)),
       coalesce(groupid, 0) = 0, success, result
  FROM run_command_on_all_nodes(%s)
  LEFT JOIN pg_dist_node USING (nodeid)  -- pg_dist_node can lack the coordinator
 ORDER BY coalesce(groupid, 0)
"""
SEE_LOG = "Start it, or see its log."
UNDO = "The repair script does not change that server. Undo the change there."


class Answer(NamedTuple):
    """The answer of one server about its objects."""

    server: str
    is_coordinator: bool
    success: bool
    result: str
    """A JSON object, or the message of an error."""


def read_answers(connection: BaseDatabaseWrapper) -> list[Answer]:
    """Return the answers of all servers of the cluster, the coordinator's first."""
    return [Answer(*row) for row in read_rows(connection, SERVERS, [SERVER])]


def differences_of_servers(answers: Iterable[Answer]) -> Iterator[str]:
    """Yield a sentence for each object that differs on a server, and for each server that fails."""
    coordinator: dict[str, Any] = {}  # stays empty if the coordinator does not answer
    for server, is_coordinator, success, result in answers:
        if not success:
            reason = _first_line(result)
            yield f"Server {server} of the cluster could not be compared: {reason}. {SEE_LOG}"
            continue
        found = json.loads(result)
        coordinator = found if is_coordinator else coordinator
        for noun, kind in (("Table", "tables"), ("Enum type", "types")):
            for name, digest in (coordinator.get(kind) or {}).items():
                if (found[kind] or {}).get(name) != digest:
                    there = f"{noun} {_bare(name)} on server {server}"
                    yield f"{there} differs from the coordinator's. {UNDO}"
        for name in found["shards"] or ():
            yield f"Shard {_bare(name)} on server {server} differs from its table. {UNDO}"


def _bare(name: str) -> str:
    return name.removeprefix("public.")


def _first_line(text: str) -> str:
    return text.partition("\n")[0].removeprefix("ERROR:  ").rstrip(".")
