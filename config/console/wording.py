"""Counts, sizes and untrusted text, as commands and GitHub's workflow commands print them."""

PLURALS = {"index": "indexes", "policy": "policies"}


def counted(count: int, kind: str) -> str:
    """Return "1 table" or "1,200 tables"."""
    return f"{count:,} {kind if count == 1 else PLURALS.get(kind, f'{kind}s')}"


def counted_bytes(count: int) -> str:
    """Return a size such as "1.5 MB", with units of 1024, like pg_size_pretty()."""
    amount, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while amount >= 1024 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    digits = 1 if amount < 10 and units[0] != "bytes" else 0
    return f"{amount:,.{digits}f} {units[0]}"


def printable(content: str) -> str:
    """Return `content` with all unprintable characters except line breaks escaped.

    Otherwise, control characters can change the state of the terminal.
    """
    return "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in content
    )


def github_annotation(level: str, message: str, **properties: object) -> str:
    """Return a GitHub workflow command that shows `message`.

    `level` is "error" or "notice". The properties, such as `file`, `line` and `title`, are escaped.
    """
    escaped = (
        f"{name}={_github_data(str(value)).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in properties.items()
    )
    return f"::{level} {','.join(escaped)}::{_github_data(message)}"


def _github_data(content: str) -> str:
    return content.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
