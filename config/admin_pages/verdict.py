"""The result of verify_schema as the pages show it, called the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection
from django.utils import timezone, translation

from config.drift import (
    Finding,
    explain_failure,
    manual_repair,
    safe_sql,
    title,
    value_text,
    verdict,
    verify,
)
from config.postgres.catalog import CatalogError

LAST = "admin_pages.verdict"


@dataclass(frozen=True)
class Difference:
    """A difference between the models and the database."""

    code: str
    title: str
    table: str
    """The table of the object, or the name of an object that belongs to no table."""
    expected: str
    """Empty, like `found`, if the title is enough."""
    found: str
    repair: str


@dataclass(frozen=True)
class Verdict:
    """The outcome of a comparison."""

    at: datetime
    sentence: str
    differences: Sequence[Difference]
    compared: bool = True
    """False if the comparison failed."""

    @property
    def state(self) -> str:
        if not self.compared:
            return "unknown"
        return "bad" if self.differences else "good"

    @property
    def drifting(self) -> set[str]:
        """The tables and other objects with a difference."""
        return {difference.table for difference in self.differences}


def compare_now() -> Verdict:
    """Compare the database with the models, and keep the verdict for `last_verdict`."""
    try:
        with translation.override(None):  # the autodetector compares untranslated texts
            result = verify(connection, ignored=settings.VERIFY_SCHEMA_IGNORE)
        differences = [_difference(finding) for finding in result.findings]
        found = Verdict(timezone.now(), verdict(result), differences)
    except (Error, CatalogError, ImproperlyConfigured) as error:
        found = Verdict(timezone.now(), explain_failure(error), [], compared=False)
    cache.set(LAST, found, timeout=None)
    return found


def last_verdict() -> Verdict | None:
    """Return the verdict of the last comparison in this process, if any."""
    found: Verdict | None = cache.get(LAST)
    return found


def _difference(finding: Finding) -> Difference:
    drift = finding.drift
    different = drift.problem == "different"
    return Difference(
        drift.code,
        title(drift),
        drift.key.table or drift.key.name,
        value_text(drift.expected) if different else "",
        value_text(drift.found) if different else "",
        "\n".join(map(safe_sql, finding.repairs)) or manual_repair(drift),
    )
