"""makemigrations and migrate, made safe: one at a time, brief locks, whole or not at all."""

from config.migrating.lock_timeout import autocommit
from config.migrating.migration_lock import hold_migration_lock
from config.migrating.plan import (
    ModelKey,
    all_undone,
    forget_models,
    model_keys,
    stale_content_types,
)
from config.migrating.preflight import check_labels, check_reversible
from config.migrating.progress import Progress

__all__ = [
    "ModelKey",
    "Progress",
    "all_undone",
    "autocommit",
    "check_labels",
    "check_reversible",
    "forget_models",
    "hold_migration_lock",
    "model_keys",
    "stale_content_types",
]
