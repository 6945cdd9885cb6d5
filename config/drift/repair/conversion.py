"""The conversion of a column's values to another type."""

import re

INTEGERS = ("smallint", "integer", "bigint")
# A cast to one of these types can round a value, or remove its time of day.
ROUNDED = ("numeric(", "real", "double precision", "date", "time", "interval")
WITHOUT_ZONE = r"timestamp(\(\d\))? without time zone"
EXACT = ("timestamp with time zone", "timestamp without time zone")


def conversion_sql(column: str, found: str, wanted: str) -> str:
    """Return the expression that converts `column` from the type `found` to the type `wanted`.

    The expression casts through text where possible, so that PostgreSQL refuses a value that does
    not fit. A direct cast truncates or rounds such a value.
    """
    if re.fullmatch(WITHOUT_ZONE, found) and wanted == "timestamp with time zone":
        return f"{column} AT TIME ZONE 'UTC'"  # Django writes UTC
    if found == "money":
        return f"{column}::numeric::{wanted}"
    if found.startswith("numeric") and wanted in INTEGERS:
        return f"trim_scale({column})::text::{wanted}"
    return f"{column}::text" if wanted.startswith("character") else f"{column}::text::{wanted}"


def is_lossy(found: str, wanted: str) -> bool:
    """Return whether the conversion can silently change a value."""
    if found == wanted or wanted in EXACT or not wanted.startswith(ROUNDED):
        return False
    if wanted.startswith("numeric("):
        return found not in INTEGERS and _scale(found) > _scale(wanted)
    return (found, wanted) != ("real", "double precision")


def _scale(name: str) -> float:
    """Return the scale of a type numeric(precision, scale), or infinity for other types."""
    match = re.fullmatch(r"numeric\(\d+,(-?\d+)\)", name)
    return int(match[1]) if match else float("inf")
