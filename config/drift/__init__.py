"""verify_schema: the expected schema and the live one, compared, repaired and reported."""

from config.drift.advice import read_advice
from config.drift.comparison import Finding, read_apps, reading, verify
from config.drift.expected import read_expected
from config.drift.failures import check_engine, one_line
from config.drift.report import by_hand, shown, sql, title, verdict

__all__ = [
    "Finding",
    "by_hand",
    "check_engine",
    "one_line",
    "read_advice",
    "read_apps",
    "read_expected",
    "reading",
    "shown",
    "sql",
    "title",
    "verdict",
    "verify",
]
