"""The report as workflow commands of GitHub Actions, which annotate the models."""

import inspect
from collections.abc import Iterable
from pathlib import Path

from config.console import github_annotation
from config.drift.advice import Advice
from config.drift.comparison import Comparison, Finding
from config.drift.reports.phrases import manual_repair, safe_sql, title, value_text, verdict
from config.postgres.enums import enum_field
from config.project import from_root, own_apps


def github_report(comparison: Comparison, advice: Iterable[Advice]) -> str:
    """Return an annotation for each finding and each piece of advice, and the verdict."""
    sources = _source_classes()
    lines = []
    for finding in comparison.findings:
        key = finding.drift.key
        source = sources.get(key.table or key.name)
        location = _location(source) if source else {}
        headline = f"{finding.drift.code} {title(finding.drift)}"
        lines.append(github_annotation("error", _message(finding), **location, title=headline))
    lines += [github_annotation("notice", item.message, title=item.code) for item in advice]
    return "\n".join([*lines, verdict(comparison)])


def _message(finding: Finding) -> str:
    drift = finding.drift
    if drift.problem == "different":
        return f"expected: {value_text(drift.expected)}\nfound: {value_text(drift.found)}"
    return "\n".join(map(safe_sql, finding.repairs)) or manual_repair(drift)


def _source_classes() -> dict[str, type]:
    """Return the project's models and enum classes by the names of their tables and types."""
    sources: dict[str, type] = {}
    for model in [model for config in own_apps() for model in config.get_models()]:
        sources[model._meta.db_table] = model
        for field in model._meta.local_fields:
            if (enum := enum_field(field)) and enum.enum:
                sources[enum.type_name] = enum.enum
    return sources


def _location(source: type) -> dict[str, object]:
    """Return the file and line of the class as properties of an annotation, if they are known."""
    try:
        line = inspect.getsourcelines(source)[1]
        file = from_root(Path(inspect.getfile(source))).as_posix()
    except (OSError, TypeError):  # a class created by a call, such as TextChoices("Kind", ...)
        return {}
    return {"file": file, "line": line}
