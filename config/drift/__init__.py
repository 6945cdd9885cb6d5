"""verify_schema: compare the live schema with the models, report differences, print repairs."""

from config.drift.advice import read_advice
from config.drift.comparison import Comparison, Finding, verify
from config.drift.expected import read_complete
from config.drift.live_schema import explain_failure, read_transaction
from config.drift.repair import ordered
from config.drift.reports.phrases import manual_repair, safe_sql, title, value_text, verdict
from config.drift.scope import read_apps

__all__ = [
    "Comparison",
    "Finding",
    "explain_failure",
    "manual_repair",
    "ordered",
    "read_advice",
    "read_apps",
    "read_complete",
    "read_transaction",
    "safe_sql",
    "title",
    "value_text",
    "verdict",
    "verify",
]
