"""Safer ways to create and drop indexes and constraints."""

from collections.abc import Collection

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import models
from django.db.migrations.operations.base import Operation

from config.hazards.alternatives.migration_files import AFTERWARDS, NOW, Alternative, NewMigration
from config.hazards.alternatives.operation_rewrites import rewrite_operation
from config.hazards.operation_sql import OperationSQL


def add_index(operation: OperationSQL, codes: Collection[str]) -> Alternative:
    change = operation.change
    return _alone("Build", AddIndexConcurrently(change.model_name, change.index))


def remove_index(operation: OperationSQL, codes: Collection[str]) -> Alternative:
    change = operation.change
    return _alone("Drop", RemoveIndexConcurrently(change.model_name, change.name))


def _alone(verb: str, concurrently: Operation) -> Alternative:
    return Alternative(
        f"{verb} the index concurrently, in a separate migration.",
        [NewMigration(NOW, [concurrently], atomic=False)],
    )


def add_constraint(operation: OperationSQL, codes: Collection[str]) -> Alternative | None:
    change = operation.change
    model_name, constraint = change.model_name, change.constraint
    if isinstance(constraint, ExclusionConstraint):
        return None
    if not isinstance(constraint, models.CheckConstraint):
        return rewrite_operation(operation)
    return Alternative(
        "Apply the constraint to new rows first. Check the existing rows in a second migration, "
        "which blocks neither reads nor writes.",
        [
            NewMigration(NOW, [AddConstraintNotValid(model_name, constraint)]),
            NewMigration(AFTERWARDS, [ValidateConstraint(model_name, constraint.name)]),
        ],
    )
