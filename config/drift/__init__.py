"""verify_schema: expected and live schema, compared, repaired, reported."""

from config.drift.advice import read_advice
from config.drift.comparison import Comparison, Finding, verify
from config.drift.expected import read_complete
from config.drift.live import explain_failure, reading
from config.drift.repair import ordered
from config.drift.reports import by_hand, shown, sql, title, verdict
from config.drift.scope import read_apps

__all__ = [
    "Comparison",
    "Finding",
    "by_hand",
    "explain_failure",
    "ordered",
    "read_advice",
    "read_apps",
    "read_complete",
    "reading",
    "shown",
    "sql",
    "title",
    "verdict",
    "verify",
]
