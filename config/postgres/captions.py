"""Captions: texts of rows, shortened to one line for `__str__()`."""

import re

from config.postgres.constraints import VISIBLE

LENGTH = 60
"""The maximum length of a caption, in characters. A __str__() has up to four captions."""
BLANK = "(blank)"
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that change the writing direction of the text after them, such as U+202E."""


def caption(text: str) -> str:
    """Return `text` on one line. Cut the middle of a long text, because the ends often differ."""
    line = " ".join(DIRECTIONS.sub("", text).split())
    if not re.search(VISIBLE, line):
        return BLANK
    return line if len(line) <= LENGTH else f"{line[: LENGTH - 20].rstrip()}…{line[-19:].lstrip()}"
