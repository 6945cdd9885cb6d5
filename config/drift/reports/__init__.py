"""The reports of a comparison: one module for each format. No report runs a query."""

from config.drift.reports.github import github_report
from config.drift.reports.json_object import json_report
from config.drift.reports.script import repair_script
from config.drift.reports.text import text_report

__all__ = [
    "github_report",
    "json_report",
    "repair_script",
    "text_report",
]
