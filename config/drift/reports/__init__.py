"""The reports of a comparison, one module for each format, without queries."""

from config.drift.reports.github import github_report
from config.drift.reports.json_object import json_report
from config.drift.reports.phrases import manual_repair, safe_sql, title, value_text, verdict
from config.drift.reports.script import repair_script
from config.drift.reports.text import text_report

__all__ = [
    "github_report",
    "json_report",
    "manual_repair",
    "repair_script",
    "safe_sql",
    "text_report",
    "title",
    "value_text",
    "verdict",
]
