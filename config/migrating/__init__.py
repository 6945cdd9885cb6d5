"""makemigrations and migrate: include enum types, run one at a time, wait briefly for locks."""

from config.migrating.content_types import (
    ModelKey,
    forget_models,
    model_keys,
    removed_models,
    renamed_back,
    stale_content_types,
)
from config.migrating.guards import all_undone, explained_operations, guarded_run
from config.migrating.lock_waits import LockWaits
from config.migrating.preflight import check_labels, check_reversible
from config.migrating.progress import Progress
from config.migrating.signals import migrated, migrating
from config.migrating.swapped_names import names_kept
from config.migrating.unapplied import check_migrated

__all__ = [
    "LockWaits",
    "ModelKey",
    "Progress",
    "all_undone",
    "check_labels",
    "check_migrated",
    "check_reversible",
    "explained_operations",
    "forget_models",
    "guarded_run",
    "migrated",
    "migrating",
    "model_keys",
    "names_kept",
    "removed_models",
    "renamed_back",
    "stale_content_types",
]
