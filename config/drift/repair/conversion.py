"""From a column of one type to one of another: by which expression, and is anything lost?"""

import re

INTEGERS = ("smallint", "integer", "bigint")
# Values of other types lose digits, or the time of day, when they are cast to one of these.
ROUNDED = ("numeric(", "real", "double precision", "date", "time", "interval")
EXACT = ("timestamp with time zone", "timestamp without time zone")


def converted(column: str, found: str, wanted: str) -> str:
    """What makes of the column `column`, of type `found`, values of type `wanted`.

    Over text, as far as it goes: an assignment of text refuses what is too long or no whole
    number, where a cast would cut.
    """
    if _is_time_without_zone(found) and wanted == "timestamp with time zone":
        return f"{column} AT TIME ZONE 'UTC'"  # which Django writes, whatever the session's is
    if found == "money":
        return f"{column}::numeric::{wanted}"
    if found.startswith("numeric") and wanted in INTEGERS:
        return f"trim_scale({column})::text::{wanted}"
    return f"{column}::text" if wanted.startswith("character") else f"{column}::text::{wanted}"


def is_lossy(found: str, wanted: str) -> bool:
    """Whether a value may be changed by it, rather than kept or refused."""
    if found == wanted or wanted in EXACT or not wanted.startswith(ROUNDED):
        return False
    if wanted.startswith("numeric("):
        return found not in INTEGERS and not _scale(found) <= _scale(wanted)
    return (found, wanted) != ("real", "double precision")


def _is_time_without_zone(name: str) -> bool:
    return re.fullmatch(r"timestamp(\(\d\))? without time zone", name) is not None


def _scale(name: str) -> float:
    """Of numeric(precision, scale): the digits after the point; of other types any number."""
    match = re.fullmatch(r"numeric\(\d+,(-?\d+)\)", name)
    return int(match[1]) if match else float("inf")
