"""The search by index. Related rows are found first, so that each table uses its own index."""

from functools import reduce
from itertools import islice
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.text import smart_split, unescape_string_literal

from config.admin.bounds import QuerySet

WORDS = 10
CHARACTERS = 200
RELATED_ROWS = 200
"""The maximum number of related rows. A word that matches more rows is too vague."""
NOTHING = Q(pk__in=[])


class Search:
    """A search for words in some fields.

    A field is a path with a lookup, such as `enrollment__student__email__startswith`. Without a
    lookup, the word may be anywhere in the text.
    """

    def __init__(self, fields: tuple[str, ...], term: str) -> None:
        self.fields = fields
        self.problem = search_problem(term)
        self.words = _words(term)
        self.vague: set[str] = set()
        """The plural names of related tables with too many rows that match a word."""

    def matching(self, rows: QuerySet) -> QuerySet:
        """Return the rows that have every word in some field, or no rows if `problem` is set."""
        if self.problem:
            return rows.none()
        for word in self.words:
            conditions = (self._condition(rows.model, field, word) for field in self.fields)
            rows = rows.filter(reduce(or_, conditions, NOTHING))
        return rows

    def _condition(self, model: type[models.Model], path: str, word: str) -> Q:
        """Return the condition that the field at `path` matches `word`.

        Each foreign key in the path takes a separate query.
        """
        first, _, rest = path.partition("__")
        field: Any = model._meta.pk if first == "pk" else model._meta.get_field(first)
        if field.is_relation and rest:
            return Q((f"{first}__in", self._related(field.related_model, rest, word)))
        if isinstance(field, models.EmailField):  # addresses are stored in lower case
            word = word.lower()
        if rest == "exact" and not is_value(field, word):
            return NOTHING
        return Q((path if rest else f"{path}__icontains", word))

    def _related(self, model: type[models.Model], path: str, word: str) -> list[Any]:
        found = model._base_manager.filter(self._condition(model, path, word))
        keys = list(found.values_list("pk", flat=True)[: RELATED_ROWS + 1])
        if len(keys) > RELATED_ROWS:
            self.vague.add(str(model._meta.verbose_name_plural))
        return keys[:RELATED_ROWS]


def is_value(field: Any, word: str) -> bool:
    """Return whether a column of the type of `field` can contain `word`."""
    try:
        field.to_python(word)
    except ValidationError:
        return False
    return True


def search_problem(term: str) -> str:
    """Return why `term` cannot be searched for, or an empty string."""
    if "\x00" in term:
        return "The search contains a NUL character, which PostgreSQL cannot store."
    if len(term) > CHARACTERS:
        return f"The search is longer than {CHARACTERS} characters. Type fewer."
    if len(_words(term)) > WORDS:
        return f"The search has more than {WORDS} words. Type fewer."
    return ""


def _words(term: str) -> list[str]:
    words = islice(smart_split(term), WORDS + 1)
    return [
        unescape_string_literal(word) if word[0] in "\"'" and word[0] == word[-1] else word
        for word in words
    ]
