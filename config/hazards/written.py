"""The SQL that people write, taken apart: scripts, DO blocks, and what Python code executes."""

import re
from collections.abc import Iterator
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import sqlparse

VERB = (
    r"(?:ALTER|CLUSTER|CREATE|DELETE|DROP|INSERT|LOCK|MERGE|REFRESH|REINDEX|TRUNCATE|UPDATE"
    r"|VACUUM|WITH)\b"
)
DO_BLOCK = re.compile(r"DO\b.*?\$(\w*)\$(?P<body>.*)\$\1\$", re.IGNORECASE | re.DOTALL)
LITERAL = r"'(?:[^']|'')*'"
IN_BLOCK = re.compile(
    rf"\bEXECUTE\s+(?:format\s*\(\s*)?'(?P<executed>\s*{VERB}(?:[^']|'')*)'"
    rf"|(?:;|\b(?:BEGIN|ELSE|LOOP|THEN)\b)\s*(?P<plain>{VERB}(?:[^;']|{LITERAL})*)"
    rf"|{LITERAL}",
    re.IGNORECASE,
)
EXECUTES = {"execute", "executemany", "raw"}


def statements_in(script: str) -> Iterator[str]:
    """Each statement by itself, without comments, and after a DO block those that are in it."""
    for part in sqlparse.split(script):
        statement = sqlparse.format(part, strip_comments=True).strip()
        if statement:
            yield statement
            yield from _in_block(statement)


def _in_block(statement: str) -> Iterator[str]:
    if block := DO_BLOCK.match(statement):
        for match in IN_BLOCK.finditer(f";{block['body']}"):
            if match["plain"]:
                yield match["plain"].strip()
            elif match["executed"]:
                # A name that is put in when it runs could be any.
                yield re.sub(r"%(?:\d+\$)?[IsL]", "x", match["executed"].replace("''", "'"))


def executed_by(function: Any) -> list[str]:
    """The texts in a function's code that are SQL, if it executes any."""
    codes = list(_codes(function))
    if not EXECUTES & {name for code in codes for name in code.co_names}:
        return []
    texts = (text for code in codes for text in code.co_consts if isinstance(text, str))
    sql = (text.strip() for text in texts)
    return [part for text in sql if re.match(VERB, text) for part in statements_in(text)]


def names_in(function: Any) -> set[str]:
    """What a function's code calls or names."""
    return {name for code in _codes(function) for name in code.co_names}


def _codes(function: Any) -> Iterator[CodeType]:
    """The code of a function, of those inside of it, and of those in its file that it names."""
    seen: list[CodeType] = []
    waiting = [_function(function)]
    while waiting:
        if (found := waiting.pop()) is None:
            continue
        for code in (code for code in _with_inner(found.__code__) if code not in seen):
            seen.append(code)
            named = [found.__globals__.get(name) for name in code.co_names]
            functions = [item for item in named if isinstance(item, FunctionType)]
            waiting += [item for item in functions if item.__module__ == found.__module__]
    yield from seen


def _function(item: Any) -> FunctionType | None:
    """The function that is run when `item` is called; None if it is not Python's."""
    while isinstance(item, partial):
        item = item.func
    if not hasattr(item, "__code__"):
        item = getattr(item, "__func__", None) or type(item).__call__
    return item if isinstance(item, FunctionType) else None


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_inner(constant)
