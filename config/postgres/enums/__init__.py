"""Native enum types: the field, operations, autodetector, and changes of labels."""

from config.postgres.enums.arrays import read_unknown_array, register_enum_arrays
from config.postgres.enums.autodetector import EnumAutodetector, enum_types
from config.postgres.enums.enum_checks import check_enum_types
from config.postgres.enums.enum_operation import EnumOperation
from config.postgres.enums.field import EnumField, enum_field
from config.postgres.enums.live_type import (
    Swap,
    check_label_uses,
    check_owners,
    check_removed,
    find_enum,
    plan_swap,
)
from config.postgres.enums.lookahead import (
    database_operations,
    is_followed,
    removed_labels,
    replaced_types,
    running,
)
from config.postgres.enums.operations import (
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    DropEnum,
    RenameEnum,
    RenameEnumValue,
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
    "check_label_uses",
    "check_owners",
    "check_removed",
    "database_operations",
    "enum_field",
    "enum_types",
    "find_enum",
    "is_followed",
    "plan_swap",
    "read_unknown_array",
    "register_enum_arrays",
    "removed_labels",
    "replaced_types",
    "running",
]
