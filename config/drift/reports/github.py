"""The report as workflow commands, which GitHub Actions shows as annotations at the models."""

import inspect
from collections.abc import Iterable
from pathlib import Path

from config.console import github_message, github_property
from config.drift.advice import Advice
from config.drift.comparison import Comparison, Finding
from config.drift.reports.wording import by_hand, shown, sql, title, verdict
from config.postgres.enums import enum_field
from config.project import from_root, own_apps


def github_report(comparison: Comparison, advice: Iterable[Advice]) -> str:
    """Return an annotation for each finding and each piece of advice, and the verdict."""
    sources = _sources()
    lines = []
    for finding in comparison.findings:
        key = finding.drift.key
        source = sources.get(key.table or key.name)
        place = _place(source) if source else ""
        headline = github_property(f"{finding.drift.code} {title(finding.drift)}")
        lines.append(f"::error {place}title={headline}::{github_message(_sentence(finding))}")
    lines += [f"::notice title={item.code}::{github_message(item.message)}" for item in advice]
    return "\n".join([*lines, verdict(comparison)])


def _sentence(finding: Finding) -> str:
    drift = finding.drift
    if drift.problem == "different":
        return f"expected: {shown(drift.expected)}\nfound: {shown(drift.found)}"
    return "\n".join(map(sql, finding.repairs)) or by_hand(drift)


def _sources() -> dict[str, type]:
    """Return the models and enum classes of this project by their tables and types."""
    sources: dict[str, type] = {}
    for model in [model for config in own_apps() for model in config.get_models()]:
        sources[model._meta.db_table] = model
        for field in model._meta.local_fields:
            if (enum := enum_field(field)) and enum.enum:
                sources[enum.type_name] = enum.enum
    return sources


def _place(source: type) -> str:
    """Return the file and the line of the class; nothing if Python does not know them."""
    try:
        line = inspect.getsourcelines(source)[1]
        file = from_root(Path(inspect.getfile(source))).as_posix()
    except (OSError, TypeError):  # the class was made by a call, such as TextChoices("Kind", ...)
        return ""
    return f"file={github_property(file)},line={line},"
