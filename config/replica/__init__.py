"""Reads on a standby server: which go there, whether it is fit, and a reader's own writes."""

from config.replica.notice import Notice, replica_notice
from config.replica.own_writes import own_writes
from config.replica.reading import reader, reads_replica
from config.replica.router import ReplicaRouter

__all__ = ["Notice", "ReplicaRouter", "own_writes", "reader", "reads_replica", "replica_notice"]
