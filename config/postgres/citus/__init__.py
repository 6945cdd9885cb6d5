"""Where a Citus cluster keeps the rows of a model, and how they are found there."""

from config.postgres.citus.declarations import (
    Distributed,
    Distribution,
    Reference,
    declared_distribution,
    distribution_field,
    is_cluster,
    is_spread,
)
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
    with_layout,
)
from config.postgres.citus.querysets import DistributedQuerySet
from config.postgres.citus.statements import (
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
    "Distribution",
    "Layout",
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
    "read_shards",
    "take_back",
    "take_back_alone",
    "with_layout",
]
