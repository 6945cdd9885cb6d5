"""Texts of rows made fit to be parts of names: on one line, not too long, and visible."""

import re

from config.postgres.constraints import VISIBLE

LENGTH = 60
"""The number of characters of a caption. A name has up to four."""
BLANK = "(blank)"
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that would reverse the text after the name, such as U+202E."""


def caption(text: str) -> str:
    """Return `text` on one line. Shorten it in the middle, because many differ at the end only."""
    line = " ".join(DIRECTIONS.sub("", text).split())
    if not re.search(VISIBLE, line):
        return BLANK
    return line if len(line) <= LENGTH else f"{line[: LENGTH - 20].rstrip()}…{line[-19:].lstrip()}"
