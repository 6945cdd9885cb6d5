"""Squawk, a linter of PostgreSQL migrations: https://squawkhq.com/docs/rules."""

import json
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from config.hazards.errors import HazardError

STYLE = (
    "ban-char-field",
    "identifier-too-long",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",
    "prefer-text-field",
    "prefer-timestamp-tz",
    "require-enum-value-ordering",
    "require-table-schema",
)
TIMEOUTS = ("require-lock-timeout", "require-statement-timeout", "require-timeout-settings")
"""The rules about timeouts, which `migrate` sets itself."""
OPT_IN = (
    "ban-alter-row-level-security",
    "ban-disable-trigger",
    "ban-drop-policy",
    "ban-drop-trigger",
    "ban-revoke",
)


class SquawkWarning(NamedTuple):
    """A squawk warning about a statement."""

    statement: int
    """The index of the statement in the list that was linted."""
    rule: str
    message: str


def lint(
    statements: Sequence[str], major_version: int, *, in_transaction: bool
) -> list[SquawkWarning]:
    """Return squawk's warnings about a script of `statements` for servers of `major_version`.

    Raise HazardError if squawk cannot be run.
    """
    begin, commit = ("BEGIN", "COMMIT") if in_transaction else ("", "")
    # The semicolon is on a separate line, since a statement may end with a comment.
    scripts = [
        f"{sql.rstrip().rstrip(';')}\n;\n" if sql else "" for sql in (begin, *statements, commit)
    ]
    owners = [number for number, script in enumerate(scripts) for _ in range(script.count("\n"))]
    found = [
        SquawkWarning(owners[warning["line"]] - 1, warning["rule_name"], warning["message"])
        for warning in _run("".join(scripts), major_version)
    ]
    unreadable = {warning.statement for warning in found if warning.rule == "syntax-error"}
    if not unreadable:
        return [warning for warning in found if 0 <= warning.statement < len(statements)]
    # Squawk checks nothing else in a script with a syntax error, so lint the other statements.
    rest = ["SELECT" if n in unreadable else sql for n, sql in enumerate(statements)]
    others = lint(rest, major_version, in_transaction=in_transaction)
    return [*dict.fromkeys(w for w in found if w.rule == "syntax-error"), *others]


def _run(script: str, major_version: int) -> list[dict[str, Any]]:
    command = [
        *(_program(), "--reporter=json", f"--pg-version={major_version}.0"),
        *(f"--exclude={','.join((*STYLE, *TIMEOUTS))}", f"--include={','.join(OPT_IN)}"),
        "--config=/dev/null",  # the verdict must not depend on the current directory
    ]
    process = subprocess.run(  # noqa: S603
        command, input=script, capture_output=True, text=True, check=False
    )
    try:
        return list(json.loads(process.stdout))
    except ValueError as error:
        reason = (process.stderr or process.stdout).strip().partition("\n")[0]
        raise HazardError(f"squawk could not read the SQL: {reason}.") from error


def _program() -> str:
    """Return the path of squawk, which its package installs next to Python."""
    installed = Path(sysconfig.get_path("scripts")) / "squawk"
    if found := shutil.which(installed) or shutil.which("squawk"):
        return found
    raise HazardError("squawk is not installed. Run make, or pip install squawk-cli.")
