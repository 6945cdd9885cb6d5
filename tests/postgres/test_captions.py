"""Captions: names of rows on one line, shortened and without direction marks."""

import pytest

from config.postgres import caption


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Joins", "Joins"),
        (" Inner\n\tjoins\u2028", "Inner joins"),
        ("invoice\u202excod.exe", "invoicexcod.exe"),
        ("a\u200cb", "a\u200cb"),
        ("\n" * 60, "(blank)"),
        ("\u200b\u3164", "(blank)"),
        ("\u202e", "(blank)"),
        ("a" * 60, "a" * 60),
        ("a" * 200 + " part 2", "a" * 40 + "…" + "a" * 12 + " part 2"),
    ],
)
def test_caption__is_visible_and_short_and_on_one_line(text: str, shown: str) -> None:
    assert caption(text) == shown
