"""Numbers, sizes and text of unknown content, as commands print them."""

PLURALS = {"index": "indexes", "policy": "policies"}


def counted(count: int, kind: str) -> str:
    """Return "1 table" or "1,200 tables"."""
    return f"{count:,} {kind if count == 1 else PLURALS.get(kind, f'{kind}s')}"


def counted_bytes(count: int) -> str:
    """Return `count` bytes as pg_size_pretty() does, with units of 1024."""
    amount, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while amount >= 1024 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    digits = 1 if amount < 10 and units[0] != "bytes" else 0
    return f"{amount:,.{digits}f} {units[0]}"


def printable(content: str) -> str:
    """Return `content` with control characters escaped, all but line breaks.

    Raw ones could change the terminal.
    """
    return "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in content
    )
