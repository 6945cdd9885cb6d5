"""Search by index: related rows are found first, from the far end, each step by its own index."""

from functools import reduce
from itertools import islice
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.text import smart_split, unescape_string_literal

from config.admin.bounds import QuerySet

WORDS = 5
REACH = 1_000
"""Related rows through which a search looks."""
NOTHING = Q(pk__in=[])


def search(rows: QuerySet, fields: tuple[str, ...], term: str) -> QuerySet:
    """The rows in which each word of `term` is in one of `fields`.

    A field is a path with a lookup, such as `enrollment__student__email__startswith`; without a
    lookup the word may be anywhere in the text.
    """
    for word in _words(term):
        conditions = (condition(rows.model, field, word) for field in fields)
        rows = rows.filter(reduce(or_, conditions, NOTHING))
    return rows


def _words(term: str) -> list[str]:
    # No text in PostgreSQL has NUL, and autocompletion lets it through.
    words = islice(smart_split(term.replace("\x00", "")), WORDS)
    return [
        unescape_string_literal(word) if word[0] in "\"'" and word[0] == word[-1] else word
        for word in words
    ]


def condition(model: type[models.Model], path: str, word: str) -> Q:
    """That `word` is where `path` leads. A foreign key is followed with a query of its own."""
    first, _, rest = path.partition("__")
    field: Any = model._meta.pk if first == "pk" else model._meta.get_field(first)
    if field.is_relation and rest:
        related = field.related_model
        found = related._base_manager.filter(condition(related, rest, word))
        return Q((f"{first}__in", list(found.values_list("pk", flat=True)[:REACH])))
    if isinstance(field, models.EmailField):  # which the database has in lower case
        word = word.lower()
    try:
        field.get_prep_value(word) if rest == "exact" else None
    except (ValidationError, ValueError):
        return NOTHING
    return Q((path if rest else f"{path}__icontains", word))
