"""Slugs of titles in any script. `config_admin/slug.js` creates the same slugs in forms."""

import unicodedata

from django.utils.text import slugify

LENGTH = 250
"""The largest length of a slug, so that the column has room for a number after the slug."""


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
    """Return the first letter of the Unicode category, such as L for letters."""
    return unicodedata.category(character)[0]
