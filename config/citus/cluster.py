"""The cluster of a database, and the checks before its tables are placed."""

from dataclasses import dataclass

from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

from config.console import counted
from config.postgres import read_rows

EXTENSION = "SELECT extversion FROM pg_extension WHERE extname = 'citus'"
NODES = """
SELECT citus_is_coordinator(),
       EXISTS (SELECT FROM pg_dist_node WHERE groupid = 0),
       (SELECT count(*) FROM pg_dist_node
         WHERE isactive AND shouldhaveshards AND noderole = 'primary')
"""
UNREACHABLE = """
SELECT DISTINCT format('%s:%s', to_nodename, to_nodeport)
  FROM citus_check_cluster_node_health() WHERE NOT result ORDER BY 1
"""


@dataclass(frozen=True)
class Cluster:
    """A cluster, as its coordinator sees it."""

    version: str
    servers: int
    """The number of servers that have rows of distributed tables."""

    def __str__(self) -> str:
        return f"Citus {self.version}, {counted(self.servers, 'server')} for rows"


def read_cluster(connection: BaseDatabaseWrapper) -> Cluster:
    """Return the cluster. Raise CommandError if it is not ready or `connection` is to a worker."""
    database = connection.settings_dict["NAME"]
    found = read_rows(connection, EXTENSION)
    if not found:
        raise CommandError(
            f"Database {database} has no extension citus, so its tables cannot be distributed. "
            "Install Citus on each server, and run CREATE EXTENSION citus in the database there."
        )
    [(is_coordinator, is_registered, servers)] = read_rows(connection, NODES)
    if not is_coordinator:
        raise CommandError(
            f"Database {database} is on a worker. Set DATABASE_URL to the cluster's coordinator."
        )
    _check_nodes(connection, is_registered, servers)
    return Cluster(found[0][0], servers)


def _check_nodes(connection: BaseDatabaseWrapper, is_registered: bool, servers: int) -> None:
    """Raise CommandError if the coordinator or a worker is missing, or cannot be reached."""
    if not is_registered:
        raise CommandError(
            "The coordinator is not registered in the cluster, so its local tables cannot have "
            "foreign keys to distributed tables. On the coordinator, run SELECT "
            "citus_set_coordinator_host('HOST', PORT);"
        )
    if not servers:
        raise CommandError(
            "No server of the cluster keeps rows. Run SELECT citus_add_node('HOST', PORT); for "
            "each worker."
        )
    for (server,) in read_rows(connection, UNREACHABLE):
        raise CommandError(
            f"Server {server} of the cluster cannot be reached. Nothing was changed. Start it, or "
            "correct its address with citus_update_node()."
        )
