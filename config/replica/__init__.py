"""Reads from a standby server, while the standby keeps up with the primary."""

from config.replica.notice import replica_notice
from config.replica.own_writes import own_writes
from config.replica.reading import reader, reads_replica
from config.replica.router import ReplicaRouter

__all__ = ["ReplicaRouter", "own_writes", "reader", "reads_replica", "replica_notice"]
