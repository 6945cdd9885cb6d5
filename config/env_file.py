"""The file `.env`, with one variable per line. A line that is not understood is an error.

Libraries for such files skip lines that they do not understand. A production site then runs with
the defaults for development. These libraries also expand `$`, which may be part of a secret.
"""

import errno
import os
import re
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured

LINE_BREAKS = re.compile("[\0\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""Characters that some editors show as line breaks, and the null character of UTF-16 files."""
ASSIGNMENT = re.compile(r"(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=(.*)", re.ASCII)
QUOTED = re.compile(r"""('[^']*'|"(?:[^"\\]|\\["\\$])*")(?:[ \t]+#.*)?""")
COMMENT = re.compile(r"[ \t]#.*")
LARGEST = 1_000_000
"""The largest size of a file in bytes. A usual file has about a thousand."""


class EnvFileVariable(NamedTuple):
    """A variable, and the number of the line that sets it."""

    line: int
    name: str
    value: str


def read_env_file(path: Path) -> list[EnvFileVariable]:
    """Return the variables that the file sets, or an empty list if there is no file.

    Raise ImproperlyConfigured if a line is wrong. The message has the number of the line only.
    """
    lines_of_names: dict[str, int] = {}
    variables = []
    for number, line in enumerate(_decoded(path).split("\n"), start=1):
        try:
            if pair := _parsed(line.removesuffix("\r")):
                first = lines_of_names.setdefault(pair[0], number)
                if first != number:
                    raise ValueError(f"sets a variable again, after line {first}. Remove one.")
                variables.append(EnvFileVariable(number, *pair))
        except ValueError as reason:
            raise ImproperlyConfigured(f"Line {number} of {path.name} {reason}") from None
    return variables


def _decoded(path: Path) -> str:
    try:
        content = _content(path)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            return ""
        raise ImproperlyConfigured(
            f"{path.name} cannot be read: {error.strerror}. Correct or remove it."
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
    raise ImproperlyConfigured(f"Line {number} of {path.name} is not UTF-8. Save it as UTF-8.")


def _content(path: Path) -> bytes:
    """Return the bytes of the file. Raise OSError if it is too large or not a regular file."""
    state = path.stat()
    if not S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "It is not a regular file")
    if state.st_size > LARGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return path.read_bytes()


def _parsed(line: str) -> tuple[str, str] | None:
    """Return name and value, or None for an empty line or comment. Raise ValueError if wrong."""
    if LINE_BREAKS.search(line):
        raise ValueError("has a control character. Save the file as plain text in UTF-8.")
    line = line.strip(" \t")
    if not line or line.startswith("#"):
        return None
    if not line.replace("\t", " ").isprintable():
        raise ValueError("has an invisible character. Type the line again.")
    assignment = ASSIGNMENT.fullmatch(line)
    if not assignment:
        raise ValueError("is not understood. Write NAME=value, or # in front of a comment.")
    return assignment[1], _value(assignment[2])


def _value(text: str) -> str:
    """Return the value in `text` without quotes and comment. Raise ValueError if it is wrong."""
    value = text.strip(" \t")
    if value.startswith(("'", '"')):
        quoted = QUOTED.fullmatch(value)
        if not quoted:
            raise ValueError(
                "has a quote that is not closed, text after the closing quote, or a backslash in "
                "double quotes. Put the value into single quotes."
            )
        inner = quoted[1][1:-1]
        return re.sub(r"\\(.)", r"\1", inner) if value.startswith('"') else inner
    value = COMMENT.sub("", text).strip(" \t")
    if value.startswith("=") or value.endswith("\\"):
        raise ValueError(
            "has a value that begins with = or ends with a backslash. Put the value into single "
            "quotes. It cannot continue on the next line."
        )
    return value
