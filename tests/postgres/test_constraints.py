"""The regular expression of visible characters, in PostgreSQL and in Python."""

import re
import unicodedata

import pytest
from django.db import connection

from config.postgres import VISIBLE

BLANK = (
    "\t\n\r\x01\x1f \x7f\x85\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u180b\u180e\u180f\u2000"
    "\u200b\u200d\u200e\u2028\u2029\u202e\u202f\u205f\u2060\u2064\u2066\u206f\u2800\u3000\u3164\ufe00\ufe0f"
    "\ufeff\uffa0\ufff9\ufffc\U0001d159\U0001d173\U000e0001\U000e0020\U000e0100"
)
SHAPES = "a0.-_é€Ђא漢😀\u0301\u2010\u0600\U00013000\ufffd"


def seen(text: str, collation: str) -> list[str]:
    """Return the characters of `text` that the expression matches in PostgreSQL."""
    statement = f"SELECT c FROM unnest(%s::text[]) c WHERE c COLLATE {collation} ~ %s"
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(text), VISIBLE])
        return [character for (character,) in cursor.fetchall()]


@pytest.mark.django_db
@pytest.mark.parametrize("collation", ['"default"', '"C"'])
def test_visible__is_the_same_in_each_collation(collation: str) -> None:
    assert seen(BLANK + SHAPES, collation) == list(SHAPES)


@pytest.mark.django_db
def test_visible__is_the_same_for_postgresql_and_python() -> None:
    every = "".join(chr(n) for n in range(1, 0x10000) if not 0xD800 <= n < 0xE000)
    assert seen(every, '"default"') == re.findall(VISIBLE, every)


def test_visible__includes_all_letters_except_fillers() -> None:
    every = "".join(chr(n) for n in range(0x110000))
    hidden = re.sub(VISIBLE, "", every)
    letters = [c for c in hidden if unicodedata.category(c).startswith("L")]
    assert letters == ["\u115f", "\u1160", "\u3164", "\uffa0"]
