"""The report as text: tables, totals, findings with repairs, advice, and the verdict."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from textwrap import wrap

from django.core.management.color import Style

from config.console import counted, printable
from config.drift.advice import Advice
from config.drift.comparison import Comparison, Finding
from config.drift.difference import KIND_CODES, Drift, is_database_object
from config.drift.other_schemas import dotted
from config.drift.reports.phrases import manual_repair, safe_sql, title, value_text, verdict
from config.postgres.catalog import Attributes, Catalog, Key

# The columns of the overview, with the kinds of objects that each column counts.
COUNTED = {
    "columns": ("column",),
    "uniques": ("unique constraint",),
    "fkeys": ("foreign key",),
    "checks": ("check",),
    "indexes": ("index", "primary key", "unique constraint", "exclusion constraint"),
}
MARK = 9  # characters before the name of a table, for "ok" or "DRIFT"
MARGIN = 12  # characters for the labels of a finding
MIN_WIDTH = 60
REPAIR_LINES = 4

type Counts = Mapping[str, Counter[str]]
"""The number of parts of each kind by table."""


def text_report(
    comparison: Comparison,
    advice: Sequence[Advice],
    style: Style,
    width: int,
    verbosity: int,
) -> str:
    """Return the report in lines of `width` characters. At verbosity 0, return only the verdict."""
    paint = style.ERROR if comparison.findings else style.SUCCESS
    lines = [paint(verdict(comparison))]
    if verbosity:
        report = _TextReport(comparison, style, max(width, MIN_WIDTH), verbosity)
        lines = [*report.lines(), *report.advice(advice), *lines]
    return "\n".join(lines)


class _TextReport:
    """The report without its verdict."""

    def __init__(self, comparison: Comparison, style: Style, width: int, verbosity: int) -> None:
        self.comparison = comparison
        self.style = style
        self.width = width
        self.verbosity = verbosity
        self.expected_counts = _count_parts(comparison.expected)
        self.live_counts = _count_parts(comparison.live)

    def lines(self) -> Iterator[str]:
        """Yield the overview and a paragraph for each finding."""
        yield from self._overview()
        yield ""
        for finding in self.comparison.findings:
            yield from self._finding(finding)
            yield ""

    def advice(self, advice: Sequence[Advice]) -> Iterator[str]:
        """Yield a paragraph with the advice, if there is any."""
        if advice:
            yield self.style.WARNING("Advice, not part of the verdict")
            for item in advice:
                yield from self._labelled(item.code, self._wrapped(item.message))
            yield ""

    def _overview(self) -> Iterator[str]:
        yield printable(self.comparison.schema.description)
        yield ""
        name_width = max(map(len, self.expected_counts), default=0)
        yield " " * (MARK + name_width) + _table_row(COUNTED)
        yield from self._tables(name_width)
        yield ""
        yield from self._totals(MARK + name_width)

    def _tables(self, name_width: int) -> Iterator[str]:
        drifts = [finding.drift for finding in self.comparison.findings]
        drifting = {drift.key.table or drift.key.name for drift in drifts if _is_of_table(drift)}
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for app in self.comparison.apps:
            groups[app.package or app.label] += self._compared(app.tables)
        for group, tables in groups.items():
            yield group
            for table in tables:
                ok = table not in drifting
                mark = self.style.SUCCESS("ok   ") if ok else self.style.ERROR("DRIFT")
                numbers = _counts_row(self.expected_counts[table])
                yield f"  {mark}  {dotted(table):{name_width}}{numbers}"

    def _totals(self, width: int) -> Iterator[str]:
        for package in dict.fromkeys(app.package for app in self.comparison.apps):
            apps = [app for app in self.comparison.apps if app.package == package]
            tables = [table for app in apps for table in self._compared(app.tables)]
            types = sum(len(app.enum_types) for app in apps)
            label = counted(len(tables), "table") + (f" of {package}" if package else "")
            label += f", {counted(types, 'enum type')}" if types else ""
            counts = sum((self.expected_counts[table] for table in tables), Counter[str]())
            yield f"{label:{width}}{_counts_row(counts)}"

    def _compared(self, tables: Iterable[str]) -> list[str]:
        return [table for table in tables if table in self.expected_counts]

    def _finding(self, finding: Finding) -> Iterator[str]:
        drift = finding.drift
        yield f"{self.style.ERROR(drift.code)}  {printable(title(drift))}"
        if drift.problem == "different":
            yield from self._side_by_side(value_text(drift.expected), value_text(drift.found))
        elif drift.key in self.comparison.expected or drift.key in self.comparison.live:
            expected = _described(drift.key, self.comparison.expected, self.expected_counts)
            found = _described(drift.key, self.comparison.live, self.live_counts)
            yield from self._labelled("expected", self._wrapped(expected))
            yield from self._labelled("found", self._wrapped(found))
        yield from self._labelled("repair", self._repair(finding))

    def _side_by_side(self, expected: str, found: str) -> Iterator[str]:
        """Yield both values, with ^ under the differences if the values are similar."""
        sides = [re.findall(r"\w+|.", printable(side), re.DOTALL) for side in (expected, found)]
        marks = _difference_marks(*sides)
        for label, tokens, below in zip(("expected", "found"), sides, marks, strict=True):
            lines = []
            for line, carets in _marked_lines(tokens, below, self.width - MARGIN):
                lines.append(line)
                if carets.strip():
                    lines.append(self.style.ERROR(carets.rstrip()))
            yield from self._labelled(label, lines)

    def _repair(self, finding: Finding) -> list[str]:
        if not finding.repairs:
            return [manual_repair(finding.drift)]
        lines = printable("\n".join(map(safe_sql, finding.repairs))).split("\n")
        left_out = len(lines) - REPAIR_LINES
        if self.verbosity > 1 or left_out <= 1:
            return lines
        return [*lines[:REPAIR_LINES], f"... and {left_out} more lines; --sql prints them"]

    def _wrapped(self, content: str) -> list[str]:
        return wrap(printable(content), self.width - MARGIN)

    @staticmethod
    def _labelled(label: str, lines: Iterable[str]) -> Iterator[str]:
        for number, line in enumerate(lines):
            yield f"{'' if number else f'  {label}':{MARGIN}}{line}".rstrip()


def _count_parts(catalog: Catalog) -> Counts:
    counts = {key.name: Counter[str]() for key in catalog if key.kind == "table"}
    for key in catalog:
        if key.table in counts:
            counts[key.table][key.kind] += 1
    return counts


def _is_of_table(drift: Drift) -> bool:
    return is_database_object(drift.key) and bool(drift.key.table or drift.key.kind == "table")


def _counts_row(counts: Counter[str]) -> str:
    totals = (sum(counts[kind] for kind in kinds) for kinds in COUNTED.values())
    return _table_row(str(total or "-") for total in totals)


def _table_row(cells: Iterable[str]) -> str:
    return "".join(f"{cell:>9}" for cell in cells)


def _described(key: Key, catalog: Catalog, counts: Counts) -> str:
    """Return a short description of the object, or 'nothing' if the catalog lacks it."""
    if key not in catalog:
        return "nothing"
    attributes = catalog[key]
    if key.kind == "table":
        parts = counts[key.name]
        return ", ".join(counted(parts[kind], kind) for kind in KIND_CODES if kind in parts)
    if key.kind == "column":
        return _column_text(attributes)
    if key.kind == "partition":
        return str(attributes["partition bound"])
    if "definition" in attributes:
        return str(attributes["definition"])
    present = {name: value for name, value in attributes.items() if value not in (None, False)}
    return ", ".join(f"{name} {value_text(value)}" for name, value in present.items())


def _column_text(attributes: Attributes) -> str:
    words = [str(attributes["type"])]
    if attributes.get("not null"):
        words.append("not null")
    for name in ("collation", "default", "generated", "identity"):
        if attributes.get(name):
            words.append(f"{name} {value_text(attributes[name])}")
    return ", ".join(words)


def _difference_marks(expected: list[str], found: list[str]) -> tuple[list[str], list[str]]:
    """Return for each token a mark of the same length: ^ for a difference, otherwise spaces."""
    marks = [" " * len(token) for token in expected], [" " * len(token) for token in found]
    matcher = SequenceMatcher(None, expected, found, autojunk=False)
    if matcher.ratio() < 0.3 or min(len(expected), len(found)) < 4:
        return marks
    for tag, *spans in matcher.get_opcodes():
        if tag != "equal":
            for side, (start, end) in zip(marks, (spans[:2], spans[2:]), strict=True):
                side[start:end] = [token.replace(" ", "^") for token in side[start:end]]
    return marks


def _marked_lines(
    tokens: Sequence[str], marks: Sequence[str], width: int
) -> Iterator[tuple[str, str]]:
    """Yield lines of at most `width` characters, each with the marks below it."""
    line = below = ""
    for token, mark in zip(tokens, marks, strict=True):
        if token == "\n" or (line and len(line + token) > width):  # noqa: S105
            yield line, below
            line = below = ""
        if line or not token.isspace():
            line, below = line + token, below + mark
    yield line, below
