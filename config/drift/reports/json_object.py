"""The report as a JSON object. docs/verify_schema.md describes its keys."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from config.drift.advice import Advice
from config.drift.comparison import Comparison, Finding
from config.drift.difference import is_database_object

FORMAT_VERSION = 1  # increase the version when a key is removed or changes its meaning


def json_report(comparison: Comparison, advice: Iterable[Advice]) -> str:
    """Return the JSON object in ASCII, which every stdout can encode."""
    content = {
        "format": FORMAT_VERSION,
        "verdict": "drift" if comparison.findings else "identical",
        "server_version": comparison.schema.server_version,
        "database": comparison.schema.database,
        "schema": comparison.schema.name,
        "apps": sorted(comparison.app_labels),
        "counts": dict(sorted(Counter(key.kind for key in comparison.expected).items())),
        "ignored": comparison.ignored,
        "drifts": [_drift(finding, comparison) for finding in comparison.findings],
        "advice": [{"code": item.code, "message": item.message} for item in advice],
    }
    return json.dumps(content, indent=2)


def _drift(finding: Finding, comparison: Comparison) -> dict[str, Any]:
    drift = finding.drift
    is_whole_object = drift.problem != "different" and is_database_object(drift.key)
    return {
        "code": drift.code,
        "kind": drift.key.kind,
        "table": drift.key.table,
        "name": drift.key.name,
        "problem": drift.problem,
        "attribute": drift.attribute,
        "expected": comparison.expected.get(drift.key) if is_whole_object else drift.expected,
        "found": comparison.live.get(drift.key) if is_whole_object else drift.found,
        "repair": [
            {"sql": statement.sql, "destructive": statement.destructive}
            for statement in finding.repairs
        ],
    }
