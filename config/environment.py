"""The variables that configure the project, from the environment and the file `.env`."""

import os
import re
from collections.abc import Callable, MutableMapping
from ipaddress import ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.env_file import EnvFileVariable, read_env_file

VARIABLES = (
    "ALLOWED_HOSTS",
    "BEHIND_TLS_PROXY",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_CONN_MAX_AGE",
    "DATABASE_POOL_SIZE",
    "DATABASE_REPLICA_MAX_LAG",
    "DATABASE_REPLICA_URL",
    "DATABASE_SERVER_SIDE_BINDING",
    "DATABASE_SERVER_SIDE_CURSORS",
    "DATABASE_URL",
    "DEBUG",
    "EMBEDDED_POSTGRES_DIR",
    "LOG_FORMAT",
    "MIGRATE_LOCK_RETRIES",
    "MIGRATE_LOCK_TIMEOUT",
    "MIGRATE_WAIT",
    "PARTITION_MONTHS_AHEAD",
    "ROLLBACK_BACKUP_DIR",
    "SECRET_KEY",
    "SECURE_HSTS_SECONDS",
    "SECURE_SSL_REDIRECT",
    "TRUSTED_PROXIES",
    "VERIFY_SCHEMA_IGNORE",
)
"""All variables of the project. `.env.example` describes them."""

PLACEHOLDER = re.compile(r"<.*>|\$\(.*\)|\$\{.*\}|`.*`")
ON = ("on", "true", "yes", "y", "1", "ok")
OFF = ("off", "false", "no", "n", "0")
HOST = r"(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)"
ALLOWED_HOST = re.compile(rf"\*|\.?{HOST}", re.IGNORECASE)
ORIGIN = re.compile(rf"(https(?!.*:443$)|http(?!.*:80$))://(\*\.)?{HOST}(:[0-9]+)?", re.IGNORECASE)


class Environment:
    """The values of VARIABLES. An empty value counts as not set.

    Variables of the process take precedence over those of `.env`. Messages name a variable but not
    its value, because the value may be a secret in the wrong variable.

    Other variables of `.env`, such as PGSSLROOTCERT for libpq, are added to the environment of the
    process.
    """

    def __init__(self, env_file: Path, process: MutableMapping[str, str] = os.environ) -> None:
        for name in process:
            if meant := _same_letters(name):
                raise ImproperlyConfigured(
                    f"The environment has the variable {name!a}, which this project does not know. "
                    f"Rename it to {meant}, or unset it."
                )
        self.root = env_file.parent
        variables = read_env_file(env_file)
        for variable in variables:
            _check_name(variable, env_file.name)
            if variable.name not in VARIABLES:
                process.setdefault(variable.name, variable.value)
        self.of_file = {name: value for _, name, value in variables}
        self.process = process

    def text(self, name: str) -> str:
        """Return the value without surrounding spaces, or '' if the variable is not set."""
        value = self.process.get(name, self.of_file.get(name, "")).strip()
        if PLACEHOLDER.fullmatch(value):
            raise self._wrong(
                name, "has a placeholder or shell code instead of a value. Replace it."
            )
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name).lower()
        if value not in ("", *ON, *OFF):
            raise self._wrong(name, "is neither on nor off. Set it to one of them.")
        return value in ON if value else default

    def number(self, name: str, *, default: int, least: int = 0, most: int = 999_999_999) -> int:
        value = self.text(name) or str(default)
        if not (re.fullmatch("-?[0-9]{1,9}", value) and least <= int(value) <= most):
            raise self._wrong(name, f"is not a whole number from {least} to {most}. Set it to one.")
        return int(value)

    def choice(self, name: str, *choices: str) -> str:
        """Return the value, or the first of `choices` if the variable is not set."""
        value = self.text(name) or choices[0]
        if value not in choices:
            raise self._wrong(name, f"is not {' or '.join(choices)}. Set it to one of them.")
        return value

    def entries(self, name: str) -> list[str]:
        """Return the entries between commas, without surrounding spaces and empty entries."""
        return [entry for part in self.text(name).split(",") if (entry := part.strip())]

    def hosts(self, name: str) -> list[str]:
        advice = "Write host names, without scheme and port: learn.example.org"
        return self._matching(name, ALLOWED_HOST.fullmatch, advice)

    def origins(self, name: str) -> list[str]:
        advice = "Write scheme, host and, unless it is the default, port: https://learn.example.org"
        return [origin.lower() for origin in self._matching(name, ORIGIN.fullmatch, advice)]

    def proxies(self, name: str) -> list[str]:
        """Return addresses, networks other than 0.0.0.0/0 and ::/0, and `unix` for Unix sockets."""
        advice = "Write an address (192.0.2.1), a network (192.0.2.0/24), or unix for a Unix socket"
        return self._matching(name, _is_proxy, advice)

    def directory(self, name: str, *, default: str) -> Path:
        """Return the path. A relative path starts at the directory of `.env`."""
        try:
            return self.root / Path(self.text(name) or default).expanduser()
        except RuntimeError:
            problem = "begins with ~ and the name of an unknown user. Write the whole path."
            raise self._wrong(name, problem) from None

    def _matching(self, name: str, is_right: Callable[[str], object], advice: str) -> list[str]:
        entries = self.entries(name)
        for number, entry in enumerate(entries, start=1):
            if not is_right(entry):
                raise ImproperlyConfigured(
                    f"Entry {number} of {self._found(name)} is wrong. {advice}."
                )
        return entries

    def _wrong(self, name: str, problem: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"{self._found(name)} {problem}")

    def _found(self, name: str) -> str:
        """Return the name and its source, because other programs also set names like DEBUG."""
        return f"{name} in {'the environment' if name in self.process else '.env'}"


def _is_proxy(entry: str) -> bool:
    try:
        return entry == "unix" or ip_network(entry).prefixlen > 0
    except ValueError:
        return False


def _check_name(variable: EnvFileVariable, file: str) -> None:
    """Raise ImproperlyConfigured if the name is probably misspelled, or is not in capitals."""
    line, name, _ = variable
    if name in VARIABLES:
        return
    if meant := _same_letters(name) or _one_edit_away(name):
        raise ImproperlyConfigured(
            f"Line {line} of {file} sets {name}, which this project does not know. "
            f"Rename it to {meant}, or remove the line."
        )
    if not re.fullmatch("[A-Z0-9_]+", name):  # probably the second line of a long value
        raise ImproperlyConfigured(
            f"Line {line} of {file} is not understood. Write NAME=value, with a name in capitals, "
            "or # in front of a comment."
        )


def _letters(name: str) -> str:
    return re.sub("[^A-Z0-9]", "", name.upper())


def _same_letters(name: str) -> str | None:
    """Return the variable whose name differs from `name` only in case or punctuation, or None."""
    letters = _letters(name)
    meant = next((known for known in VARIABLES if _letters(known) == letters), None)
    return None if meant == name else meant


def _one_edit_away(name: str) -> str | None:
    """Return the variable that differs in one letter, two swapped letters, or a prefix DJANGO_."""
    letters = _letters(name).removeprefix("DJANGO")
    return next((known for known in VARIABLES if _is_one_edit(letters, _letters(known))), None)


def _is_one_edit(a: str, b: str) -> bool:
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    return max(len(a), len(b)) <= 1 or (len(a) == 2 and a == b[::-1])
