"""The condition for values of a column that do not fit a new type."""

import re

from django.db.backends.base.base import BaseDatabaseWrapper

from config.hazards import Demand
from config.postgres import read_rows

CHARACTERS = re.compile(r"(?:varchar|character varying|char|character)\((\d+)\)", re.IGNORECASE)
NUMERIC = re.compile(r"(?:numeric|decimal)\((\d+)(?:, ?(\d+))?\)", re.IGNORECASE)
RANGES = {"smallint": 15, "integer": 31, "bigint": 63}
"""The number of bits of a value, without its sign."""
COLUMN_TYPE = """
    SELECT typcategory, current_setting('server_version_num')::int,
           (SELECT typtype = 'e' FROM pg_type WHERE oid = to_regtype(%s))
      FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
     WHERE attrelid = to_regclass(%s) AND quote_ident(attname) = quote_ident(%s)
"""


def unfit_condition(connection: BaseDatabaseWrapper, demand: Demand) -> str:
    """Return the SQL condition for values that do not fit, or '' if no condition is known."""
    column, new_type, text = demand.column, demand.new_type, f"{demand.column}::text"
    if match := CHARACTERS.fullmatch(new_type):
        return f"char_length(rtrim({text}, ' ')) > {match[1]}"  # a cast removes trailing spaces
    rows = read_rows(connection, COLUMN_TYPE, [new_type, demand.table, demand.bare_column])
    if not rows:
        return ""
    [(category, version, is_enum)] = rows
    if demand.labels:
        return f"{text} <> ALL (ARRAY[{', '.join(demand.labels)}]::text[])"
    if is_enum:
        return f"{text} <> ALL (enum_range(NULL::{new_type})::text[])"
    if category == "N":
        return _out_of_range(column, new_type)
    if version >= 160000 and category in "SE":
        quoted = new_type.replace("'", "''")
        return f"NOT pg_input_is_valid({text}, '{quoted}')"
    if new_type in RANGES and category == "S":
        return f"{text} !~ '^\\s*[+-]?[0-9]+\\s*$'"
    return ""


def _out_of_range(column: str, new_type: str) -> str:
    if new_type in RANGES:
        limit = 2 ** RANGES[new_type]
        return f"{column} NOT BETWEEN {-limit} AND {limit - 1}"
    if match := NUMERIC.fullmatch(new_type):
        precision, scale = int(match[1]), int(match[2] or 0)
        number = f"{column}::numeric"
        too_large = f"abs(round({number}, {scale})) >= {10 ** (precision - scale)}"
        return f"{too_large} AND {number} <> 'NaN'"  # NaN fits, but is larger than any number
    return ""
