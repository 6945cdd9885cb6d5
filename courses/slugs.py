"""Slugs of titles in any script; `config_admin/slug.js` makes them while the title is typed."""

import unicodedata

from django.utils.text import slugify

LENGTH = 250
"""The longest slug that is made, which leaves room for a number in the column."""


def slug_of(title: str) -> str:
    """Return a slug of lower-case letters from a to z, digits, underscores and single hyphens.

    Accents are dropped. A word of another script becomes Punycode, as in the names of hosts.
    Punycode is not readable, but never changes, and differs for each word.
    """
    text = unicodedata.normalize("NFKC", title).lower()
    words = "".join(c if c == "_" or _kind(c) in "LMN" else " " for c in text).split()
    return "-".join(filter(None, map(_ascii, words)))[:LENGTH].rstrip("-")


def _ascii(word: str) -> str:
    plain = slugify(word)
    letters = [c for c in unicodedata.normalize("NFKD", word) if _kind(c) != "M"]
    return plain if len(plain) == len(letters) else word.encode("punycode").decode().strip("-")


def _kind(character: str) -> str:
    """Return the first letter of the category: letter, mark, number or other."""
    return unicodedata.category(character)[0]
