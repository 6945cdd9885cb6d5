"""The reports of a comparison, one module for each format. They query no database."""

from config.drift.reports.github import github_report
from config.drift.reports.json_object import json_report
from config.drift.reports.script import repair_script
from config.drift.reports.text import text_report
from config.drift.reports.wording import by_hand, shown, sql, title, verdict

__all__ = [
    "by_hand",
    "github_report",
    "json_report",
    "repair_script",
    "shown",
    "sql",
    "text_report",
    "title",
    "verdict",
]
