"""The distribution of tables over the servers of a Citus cluster."""

from config.postgres.citus.declarations import (
    Distributed,
    MovedRowError,
    Reference,
    declared_distribution,
    distribution_field,
    is_cluster,
    is_spread,
)
from config.postgres.citus.distributed_queryset import DistributedQuerySet
from config.postgres.citus.layout import (
    FOREIGN_KEY,
    Layout,
    Placement,
    declared_layout,
    key_on_cluster,
    layout_of,
    on_cluster,
    read_layout,
    read_shards,
    referred_table,
    with_layout,
)
from config.postgres.citus.managed_tables import read_managed, release
from config.postgres.citus.placement_statements import (
    MODE,
    SEQUENTIAL,
    TRIGGERS_ALLOWED,
    free,
    move,
    place,
    take_back,
    take_back_alone,
)

__all__ = [
    "FOREIGN_KEY",
    "MODE",
    "SEQUENTIAL",
    "TRIGGERS_ALLOWED",
    "Distributed",
    "DistributedQuerySet",
    "Layout",
    "MovedRowError",
    "Placement",
    "Reference",
    "declared_distribution",
    "declared_layout",
    "distribution_field",
    "free",
    "is_cluster",
    "is_spread",
    "key_on_cluster",
    "layout_of",
    "move",
    "on_cluster",
    "place",
    "read_layout",
    "read_managed",
    "read_shards",
    "referred_table",
    "release",
    "take_back",
    "take_back_alone",
    "with_layout",
]
