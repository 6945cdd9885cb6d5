"""Squawk, a linter of PostgreSQL migrations: https://squawkhq.com/docs/rules."""

import json
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
"""`migrate` sets them itself."""
OPT_IN = (
    "ban-alter-row-level-security",
    "ban-disable-trigger",
    "ban-drop-policy",
    "ban-drop-trigger",
    "ban-revoke",
)


class SquawkError(Exception):
    """It is not there, or it says something that is not understood."""


@dataclass(frozen=True)
class Remark:
    """What a rule of squawk has to say about a statement."""

    statement: int
    """Its place in what was linted."""
    rule: str
    message: str


def lint(statements: Sequence[str], major_version: int, *, in_transaction: bool) -> list[Remark]:
    """What is dangerous about `statements`, run in this order on a server of `major_version`.

    Raises SquawkError if it could not be asked.
    """
    transaction = ("BEGIN", "COMMIT") if in_transaction else ("", "")
    scripts = [transaction[0], *statements, transaction[1]]
    # On a line of its own: a statement may end with a comment.
    parts = [f"{script.rstrip().rstrip(';')}\n;\n" if script else "" for script in scripts]
    owners = [number for number, part in enumerate(parts) for _ in range(part.count("\n"))]
    found = [
        Remark(owners[warning["line"]] - 1, warning["rule_name"], warning["message"])
        for warning in _run("".join(parts), major_version)
    ]
    unreadable = {warning.statement for warning in found if warning.rule == "syntax-error"}
    if not unreadable:
        return [warning for warning in found if 0 <= warning.statement < len(statements)]
    # Of a script with an error it looks at nothing else.
    rest = ["SELECT" if n in unreadable else sql for n, sql in enumerate(statements)]
    others = lint(rest, major_version, in_transaction=in_transaction)
    return [*dict.fromkeys(w for w in found if w.rule == "syntax-error"), *others]


def _run(script: str, major_version: int) -> list[dict[str, Any]]:
    command = [
        *(find(), "--reporter=json", f"--pg-version={major_version}.0"),
        *(f"--exclude={','.join((*STYLE, *TIMEOUTS))}", f"--include={','.join(OPT_IN)}"),
        "--config=/dev/null",  # the same verdict wherever it is run
    ]
    process = subprocess.run(  # noqa: S603
        command, input=script, capture_output=True, text=True, check=False
    )
    try:
        return list(json.loads(process.stdout))
    except ValueError as error:
        reason = (process.stderr or process.stdout).strip().partition("\n")[0]
        raise SquawkError(f"squawk could not read the SQL: {reason}.") from error


def find() -> str:
    """The program, which its package puts beside Python's."""
    beside = Path(sysconfig.get_path("scripts")) / "squawk"
    if found := shutil.which(beside) or shutil.which("squawk"):
        return found
    raise SquawkError("squawk is not installed. Run make, or pip install squawk-cli.")
