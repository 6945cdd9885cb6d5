"""Native enum types: field, operations, autodetector, and label changes in a live database."""

from config.postgres.enums.arrays import read_unknown_array, register_enum_arrays
from config.postgres.enums.autodetector import EnumAutodetector, enum_types
from config.postgres.enums.checks import check_enum_types
from config.postgres.enums.field import EnumField, enum_field
from config.postgres.enums.label_swap import Swap, check_removed, check_rows, find_enum, plan_swap
from config.postgres.enums.operations import (
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    DropEnum,
    EnumOperation,
    RenameEnum,
    RenameEnumValue,
    labels_that_go,
    look_ahead,
    mark_followed,
)

__all__ = [
    "AddEnumValue",
    "AlterEnum",
    "CreateEnum",
    "DropEnum",
    "EnumAutodetector",
    "EnumField",
    "EnumOperation",
    "RenameEnum",
    "RenameEnumValue",
    "Swap",
    "check_enum_types",
    "check_removed",
    "check_rows",
    "enum_field",
    "enum_types",
    "find_enum",
    "labels_that_go",
    "look_ahead",
    "mark_followed",
    "plan_swap",
    "read_unknown_array",
    "register_enum_arrays",
]
