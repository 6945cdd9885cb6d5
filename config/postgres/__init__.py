"""PostgreSQL features that Django lacks; usable in any Django project."""

from config.postgres.backfill import Backfill
from config.postgres.captions import BLANK, caption
from config.postgres.citus import Distributed, DistributedQuerySet, Reference
from config.postgres.constraints import (
    INVISIBLE,
    LARGEST_AMOUNT,
    VISIBLE,
    IsFinite,
    JSONTypeof,
    exactly_when,
    finite_check,
    json_check,
    not_blank,
    not_blank_check,
)
from config.postgres.enums import (
    AddEnumValue,
    AlterEnum,
    CreateEnum,
    DropEnum,
    EnumField,
    RenameEnum,
    RenameEnumValue,
)
from config.postgres.field_names import is_in_expressions, named_fields, unique_rules
from config.postgres.functions import UUID7, Now
from config.postgres.json_field import JSONDecoder, JSONField, json_text
from config.postgres.keyset import keyset_page
from config.postgres.migration_plan import LEDGER, Node, Plan, applying_order, undoing_runs_code
from config.postgres.months import (
    FIRST,
    LAST,
    LONGEST_GAP,
    add_months,
    month_of,
    month_range,
    months_between,
)
from config.postgres.names import shortened
from config.postgres.partition_declaration import (
    DETACHED,
    UNFINISHED,
    MonthlyPartitions,
    in_schema_of,
    month_name,
    monthly_partitions,
    prefixed_name,
)
from config.postgres.queries import execute, read_rows
from config.postgres.row_security import every_row
from config.postgres.times import FarTime, local_time, minute

__all__ = [
    "BLANK",
    "DETACHED",
    "FIRST",
    "INVISIBLE",
    "LARGEST_AMOUNT",
    "LAST",
    "LEDGER",
    "LONGEST_GAP",
    "UNFINISHED",
    "UUID7",
    "VISIBLE",
    "AddEnumValue",
    "AlterEnum",
    "Backfill",
    "CreateEnum",
    "Distributed",
    "DistributedQuerySet",
    "DropEnum",
    "EnumField",
    "FarTime",
    "IsFinite",
    "JSONDecoder",
    "JSONField",
    "JSONTypeof",
    "MonthlyPartitions",
    "Node",
    "Now",
    "Plan",
    "Reference",
    "RenameEnum",
    "RenameEnumValue",
    "add_months",
    "applying_order",
    "caption",
    "every_row",
    "exactly_when",
    "execute",
    "finite_check",
    "in_schema_of",
    "is_in_expressions",
    "json_check",
    "json_text",
    "keyset_page",
    "local_time",
    "minute",
    "month_name",
    "month_of",
    "month_range",
    "monthly_partitions",
    "months_between",
    "named_fields",
    "not_blank",
    "not_blank_check",
    "prefixed_name",
    "read_rows",
    "shortened",
    "undoing_runs_code",
    "unique_rules",
]

# Migrations refer to these classes as `config.postgres.CLASS`, so that their modules can move.
for _name in __all__:
    if isinstance(_class := globals()[_name], type):
        _class.__module__ = __name__
