"""Hazards for people and for GitHub."""

from collections.abc import Iterator, Sequence
from textwrap import indent, wrap

from config.console import counted, github_message, github_property
from config.hazards.check import Mistake, Result, place
from config.hazards.find import Finding, reasons_of
from config.hazards.instead import AFTERWARDS, Alternative, instead
from config.hazards.rules import Hazard
from config.hazards.sizes import Sizes

WIDTH = 100
NO_OTHER_WAY = "No other way is known here: let it run when few are waiting."


def alternative(finding: Finding) -> Alternative | None:
    return instead(finding.step, [item.code for item in finding.dangers])


def title(finding: Finding) -> str:
    return f"{finding.migration}: {finding.step.operation.describe()}"


def verdict(result: Result) -> str:
    count = sum(len(finding.dangers) for finding in result.findings)
    accepted = sum(_is_accepted(f, item) for f in result.findings for item in f.hazards)
    remarks = f" {counted(accepted, 'hazard')} accepted." if accepted else ""
    if result.mistakes:
        remarks += f" {counted(len(result.mistakes), 'acknowledgement')} to correct."
    looked_at = counted(len(result.migrations), "migration")
    return f"{counted(count, 'hazard') if count else 'No hazards'} in {looked_at}.{remarks}"


def _is_accepted(finding: Finding, item: Hazard) -> bool:
    return item.code in reasons_of(finding.migration)


# check_migrations


def text(result: Result) -> str:
    """What is dangerous, each with another way and its code; the verdict comes last."""
    blocks = ["\n".join(_block(finding)) for finding in result.findings if _is_shown(finding)]
    blocks += [f"{mistake.migration}\n  {mistake.message}" for mistake in result.mistakes]
    return "\n\n".join([*blocks, verdict(result)])


def _is_shown(finding: Finding) -> bool:
    return any(not _is_accepted(finding, item) for item in finding.hazards)


def _block(finding: Finding) -> Iterator[str]:
    yield title(finding)
    for item in finding.hazards:
        if not _is_accepted(finding, item):
            yield _wrapped(f"{_label(item)}: {item.danger}")
    if finding.dangers:
        yield from _instead(finding)


def _label(item: Hazard) -> str:
    return f"advice, {item.code}" if item.is_advice else item.code


def _instead(finding: Finding) -> Iterator[str]:
    other = alternative(finding)
    yield _wrapped(f"Instead: {other.advice if other else NO_OTHER_WAY}")
    if other:
        for source in sources(finding, other):
            yield ""
            yield indent(source, "    ")
        yield ""
    yield "  Or accept it, in class Migration:"
    yield "    hazards_accepted = {"
    yield from (f'        "{item.code}": "why it may be",' for item in finding.dangers)
    yield "    }"


def sources(finding: Finding, other: Alternative) -> list[str]:
    """The migration files of the other way, which take the operation's place or come after it."""
    app_label, name = finding.migration.app_label, finding.migration.name
    dependencies, first, written = finding.migration.dependencies, 1, []
    if other.parts and other.parts[0].when == AFTERWARDS:
        dependencies, first = [(app_label, name)], 2
    for number, part in enumerate(other.parts, first):
        file = name if number == 1 else f"{name}_{number}"
        source = part.source(app_label, file, dependencies)
        written.append(f"# {file}.py. {part.when}:\n{source.rstrip()}")
        dependencies = [(app_label, file)]
    return written


def _wrapped(line: str) -> str:
    return "\n".join(wrap(line, WIDTH, initial_indent="  ", subsequent_indent="    "))


# migrate


def under_operation(findings: Sequence[Finding], sizes: Sizes) -> list[str]:
    """The lines that `migrate --plan` shows below an operation."""
    lines = []
    for finding in findings:
        for item in finding.hazards:
            size = sizes.get(item.table)
            reason = reasons_of(finding.migration).get(item.code)
            about = f" (table {item.table}: {size})" if size else ""
            accepted = f" Accepted: {reason}" if reason else ""
            lines.append(f"{_label(item)}: {item.danger}{about}{accepted}")
        if finding.dangers:
            other = alternative(finding)
            lines.append(f"Instead: {other.advice if other else NO_OTHER_WAY}")
    return lines


def summary(findings: Sequence[Finding]) -> str:
    """One line about what migrate is going to run; '' if it has nothing dangerous."""
    codes = [item.code for finding in findings for item in finding.dangers]
    if not codes:
        return ""
    names = ", ".join(dict.fromkeys(codes))
    return f"  Hazards: {len(codes)} ({names}). To read about them: migrate --plan"


# For GitHub


def github(result: Result) -> str:
    """Workflow commands, and the verdict."""
    lines = [line for finding in result.findings for line in _annotations(finding)]
    return "\n".join([*lines, *map(_annotation, result.mistakes), verdict(result)])


def _annotations(finding: Finding) -> Iterator[str]:
    file, line = place(finding.migration, finding)
    where = f"file={github_property(file)},line={line}"
    other = alternative(finding) if finding.dangers else None
    for item in finding.hazards:
        if _is_accepted(finding, item):
            continue
        kind = "notice" if item.is_advice else "error"
        headline = github_property(f"{item.code}: {finding.step.operation.describe()}")
        content = item.danger
        if not item.is_advice:
            content += f"\nInstead: {other.advice if other else NO_OTHER_WAY}"
        yield f"::{kind} {where},title={headline}::{github_message(content)}"


def _annotation(mistake: Mistake) -> str:
    file, line = place(mistake.migration)
    where = f"file={github_property(file)},line={line},title=hazards_accepted"
    return f"::error {where}::{github_message(mistake.message)}"
