"""Variables of the environment and of `.env`, and refusals of wrong ones."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import VARIABLES, Environment
from tests.support.processes import PATIENCE, PROJECT, PYTHON, environment

SECRET = "s3cr3t"
NOT_UNDERSTOOD = "is not understood. Write NAME=value, or # in front of a comment."
CONTROL = "has a control character. Save the file as plain text in UTF-8."
INVISIBLE = "has an invisible character. Type the line again."
QUOTE = (
    "has a quote that is not closed, text after the closing quote, or a backslash in double "
    "quotes. Put the value into single quotes."
)
EDGE = (
    "has a value that begins with = or ends with a backslash. Put the value into single quotes. "
    "It cannot continue on the next line."
)
NOT_UTF_8 = "is not UTF-8. Save it as UTF-8."
NO_NAME = (
    "is not understood. Write NAME=value, with a name in capitals, or # in front of a comment."
)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def refusal(env_file: Path, **process: str) -> str:
    """Return the message of the refusal; check that neither it nor its cause has the secret."""
    with pytest.raises(ImproperlyConfigured) as refused:
        Environment(env_file, process)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    assert SECRET not in str(refused.value)
    return str(refused.value)


def sets(name: str, meant: str) -> str:
    return (
        f"sets {name}, which this project does not know. Rename it to {meant}, or remove the line."
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("X=a", "a"),
        ("X = a", "a"),
        (" \tX\t=\ta\t ", "a"),
        ("export X=a", "a"),
        ("X=", ""),
        ("X=''", ""),
        ("X=a # a comment", "a"),
        ("X= # a comment", ""),
        ("X=a#b", "a#b"),
        ("X=#a", "#a"),
        ("X='a # b' # a comment", "a # b"),
        ('X="a # b"', "a # b"),
        ("X=$a${b}%(c)s", "$a${b}%(c)s"),
        ('X="$a"', "$a"),
        (r'X="\"\\\$"', '"\\$'),
        (r"X='a\n'", r"a\n"),
        (r"X=a\n", r"a\n"),
        ("X=a, b", "a, b"),
        ("X=a=b==", "a=b=="),
        ("X=it's", "it's"),
        ("X=größe", "größe"),
        ("# X=b\n\n  # ü\xa0\t\nX=a", "a"),
        ("X=a\r", "a"),
        ("\ufeffX=a", "a"),
    ],
)
def test_line_of_env_file__is_understood(env_file: Path, line: str, value: str) -> None:
    env_file.write_bytes(line.encode())
    process: dict[str, str] = {}
    Environment(env_file, process)
    assert process == {"X": value}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"SECRET_KEY {SECRET}", NOT_UNDERSTOOD),
        (f"SECRET_KEY: {SECRET}", NOT_UNDERSTOOD),
        (f"DATABASE_URL: postgres://u:{SECRET}@h/n?sslmode=require", NOT_UNDERSTOOD),
        (f"set SECRET_KEY={SECRET}", NOT_UNDERSTOOD),
        (f"exportSECRET_KEY {SECRET}", NOT_UNDERSTOOD),
        ("export DEBUG", NOT_UNDERSTOOD),
        (f"={SECRET}", NOT_UNDERSTOOD),
        (f"[{SECRET}]", NOT_UNDERSTOOD),
        (f"// {SECRET}", NOT_UNDERSTOOD),
        (f"DATABASE\u2013URL={SECRET}", NOT_UNDERSTOOD),
        ("DEBU\u0413=off", NOT_UNDERSTOOD),
        ("\uff03 a comment", NOT_UNDERSTOOD),
        (f"SECRET_KEY\uff1d{SECRET}", NOT_UNDERSTOOD),
        ("DEBUG\u200b=off", INVISIBLE),
        ("DEBUG=off\u200b", INVISIBLE),
        ("DEBUG\xa0=off", INVISIBLE),
        ("DEBUG=\xa0off", INVISIBLE),
        ("\ufeff\ufeffDEBUG=off", INVISIBLE),
        ("\u202eDEBUG=off", INVISIBLE),
        ("DEBUG=off\0", CONTROL),
        ("# a comment\rDEBUG=off", CONTROL),
        ("DEBUG=off\r\r", CONTROL),
        ("# a comment\u2028DEBUG=off", CONTROL),
        (f"SECRET_KEY='{SECRET}", QUOTE),
        (f'SECRET_KEY="{SECRET}', QUOTE),
        (f"SECRET_KEY='{SECRET}\"", QUOTE),
        (f"SECRET_KEY='{SECRET}'DEBUG=off", QUOTE),
        (f"SECRET_KEY='{SECRET}'# a comment", QUOTE),
        (f'SECRET_KEY="{SECRET}\\n"', QUOTE),
        (f"SECRET_KEY={SECRET}\\", EDGE),
        (f"SECRET_KEY=={SECRET}", EDGE),
        (f"{SECRET}=", NO_NAME),
        (f"{SECRET}==", EDGE),
        ("debug=off", sets("debug", "DEBUG")),
        ("SECRETKEY=x", sets("SECRETKEY", "SECRET_KEY")),
        ("DATABASE-URL=x", sets("DATABASE-URL", "DATABASE_URL")),
        ("DEBG=off", sets("DEBG", "DEBUG")),
        ("DEBUGG=off", sets("DEBUGG", "DEBUG")),
        ("DEBGU=off", sets("DEBGU", "DEBUG")),
        ("ALLOWED_HOST=x", sets("ALLOWED_HOST", "ALLOWED_HOSTS")),
        ("DATABASE_URI=x", sets("DATABASE_URI", "DATABASE_URL")),
        ("DJANGO_DEBUG=off", sets("DJANGO_DEBUG", "DEBUG")),
        ("X=a", "sets a variable again, after line 1. Remove one."),
    ],
)
def test_damaged_line_of_env_file__is_refused_by_its_number(
    env_file: Path, line: str, reason: str
) -> None:
    env_file.write_bytes(f"X=a\n# a comment\n{line}\nDEBUG=off\n".encode())
    assert refusal(env_file) == f"Line 3 of .env {reason}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"DEBUG=off\nSECRET_KEY={SECRET}\n".encode("utf-16"), f"Line 1 of .env {NOT_UTF_8}"),
        (f"DEBUG=off\nSECRET_KEY={SECRET}\n".encode("utf-16-le"), f"Line 1 of .env {CONTROL}"),
        (f"X=a\nSECRET_KEY={SECRET}ü\n".encode("latin-1"), f"Line 2 of .env {NOT_UTF_8}"),
        (f"DEBUG=off\rSECRET_KEY={SECRET}\r".encode(), f"Line 1 of .env {CONTROL}"),
    ],
    ids=["utf-16", "utf-16 without byte order mark", "latin-1", "lines ended by CR"],
)
def test_env_file_in_another_encoding__is_refused(
    env_file: Path, content: bytes, reason: str
) -> None:
    env_file.write_bytes(content)
    assert refusal(env_file) == reason


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["directory", "pipe"])
def test_env_file_that_is_no_file__is_refused(env_file: Path, make: Callable[[Path], None]) -> None:
    make(env_file)
    assert refusal(env_file) == (
        ".env cannot be read: It is not a regular file. Correct or remove it."
    )


def test_env_file_of_many_gigabytes__is_refused(env_file: Path) -> None:
    env_file.touch()
    os.truncate(env_file, 2**35)
    assert refusal(env_file) == ".env cannot be read: File too large. Correct or remove it."


def test_env_file_that_links_to_nothing__is_refused(env_file: Path) -> None:
    env_file.symlink_to("nothing")
    assert refusal(env_file) == (
        ".env cannot be read: No such file or directory. Correct or remove it."
    )


def test_env_file_missing__is_accepted(env_file: Path) -> None:
    assert Environment(env_file, {}).of_file == {}


@pytest.mark.parametrize("name", ["debug", "Debug", "DATABASE-URL", "SECRETKEY", "DEBUG\u200b"])
def test_variable_of_the_process_with_a_name_close_to_a_known_one__is_refused(
    env_file: Path, name: str
) -> None:
    assert refusal(env_file, **{name: SECRET}).startswith(
        f"The environment has the variable {name!a}, which this project does not know. "
    )


@pytest.mark.parametrize(
    "name",
    ["DEBUG_MODE", "SECRET_KEY_BASE", "NDEBUG", "DATABASE_URI", "DATABASE_USER", "PGHOST", "_", ""],
)
def test_unrelated_variable_of_the_process__is_left_alone(env_file: Path, name: str) -> None:
    assert Environment(env_file, {name: "x"}).process == {name: "x"}


def test_variable_of_the_process__overrides_env_file(env_file: Path) -> None:
    env_file.write_text("DEBUG=on\nMIGRATE_WAIT=1\nSECRET_KEY=x\n")
    env = Environment(env_file, {"DEBUG": "off", "SECRET_KEY": ""})
    assert (env.text("DEBUG"), env.text("MIGRATE_WAIT"), env.text("SECRET_KEY")) == ("off", "1", "")


def test_variable_of_env_file__is_not_passed_on_to_other_programs(env_file: Path) -> None:
    env_file.write_text(f"SECRET_KEY={SECRET}\nPGSSLROOTCERT=/ca\n")
    env = Environment(env_file, {})
    assert (env.text("SECRET_KEY"), env.process) == (SECRET, {"PGSSLROOTCERT": "/ca"})


# Values


def value(kind: str, text: str, **options: object) -> object:
    env = Environment(PROJECT / "no such file", {"DEBUG": text})
    return getattr(env, kind)("DEBUG", **options)


@pytest.mark.parametrize(
    ("kind", "options", "text", "expected"),
    [
        ("flag", {"default": True}, "", True),
        ("flag", {"default": True}, " Off ", False),
        ("flag", {"default": False}, "TRUE", True),
        ("number", {"default": 7}, "", 7),
        ("number", {"default": 7}, "0", 0),
        ("entries", {}, " a, b,,c ,", ["a", "b", "c"]),
        ("hosts", {}, "a.org, .b.org,[::1],*", ["a.org", ".b.org", "[::1]", "*"]),
        (
            "origins",
            {},
            "https://A.org:8443, http://*.b.org",
            ["https://a.org:8443", "http://*.b.org"],
        ),
        (
            "proxies",
            {},
            "unix, 10.0.0.0/8, 192.0.2.1, fd00::/8",
            ["unix", "10.0.0.0/8", "192.0.2.1", "fd00::/8"],
        ),
        ("directory", {"default": "x"}, "", PROJECT / "x"),
        ("directory", {"default": "x"}, "~/y", Path.home() / "y"),
    ],
)
def test_value__is_understood(
    kind: str, options: dict[str, object], text: str, expected: object
) -> None:
    assert value(kind, text, **options) == expected


DEBUG = "DEBUG in the environment"
HOSTS = "is wrong. Write host names, without scheme and port: learn.example.org."
ORIGINS = (
    "is wrong. Write scheme, host and, unless it is the default, port: https://learn.example.org."
)
PROXIES = (
    "is wrong. Write an address (192.0.2.1), a network (192.0.2.0/24), or unix for a Unix socket."
)


@pytest.mark.parametrize(
    ("kind", "options", "text", "reason"),
    [
        ("text", {}, f"<{SECRET}>", f"{DEBUG} has a placeholder or shell code instead "),
        ("text", {}, "$(openssl rand 50)", f"{DEBUG} has a placeholder or shell code instead "),
        ("text", {}, f"${{{SECRET}}}", f"{DEBUG} has a placeholder or shell code instead "),
        ("flag", {"default": True}, f"off SECRET_KEY={SECRET}", f"{DEBUG} is neither on nor off. "),
        ("number", {"default": 7}, "-1", f"{DEBUG} is not a whole number from 0 to 999999999. "),
        (
            "number",
            {"default": 7, "least": -1, "most": 120},
            "121",
            f"{DEBUG} is not a whole number from -1 to 120. ",
        ),
        ("number", {"default": 7}, "9" * 5000, f"{DEBUG} is not a whole number from 0 to 99999999"),
        ("hosts", {}, "a, https://b", f"Entry 2 of {DEBUG} {HOSTS}"),
        ("hosts", {}, "a:8000", f"Entry 1 of {DEBUG} {HOSTS}"),
        ("hosts", {}, f"a SECRET_KEY={SECRET}", f"Entry 1 of {DEBUG} {HOSTS}"),
        ("origins", {}, "https://a, b", f"Entry 2 of {DEBUG} {ORIGINS}"),
        ("origins", {}, "https://a/", f"Entry 1 of {DEBUG} {ORIGINS}"),
        ("origins", {}, "https://a:443", f"Entry 1 of {DEBUG} {ORIGINS}"),
        ("origins", {}, "*", f"Entry 1 of {DEBUG} {ORIGINS}"),
        ("proxies", {}, "10.0.0.1/8", f"Entry 1 of {DEBUG} {PROXIES}"),
        ("proxies", {}, "192.0.2.1, 0.0.0.0/0", f"Entry 2 of {DEBUG} {PROXIES}"),
        ("proxies", {}, "*", f"Entry 1 of {DEBUG} {PROXIES}"),
        (
            "directory",
            {"default": "x"},
            "~nobody-here/x",
            f"{DEBUG} begins with ~ and the name of ",
        ),
    ],
)
def test_wrong_value__is_refused_and_not_shown(
    kind: str, options: dict[str, object], text: str, reason: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        value(kind, text, **options)
    assert str(refused.value).startswith(reason)
    assert SECRET not in str(refused.value)


def test_wrong_value_in_env_file__is_refused_with_its_place(env_file: Path) -> None:
    env_file.write_text("DEBUG=of\n")
    with pytest.raises(ImproperlyConfigured) as refused:
        Environment(env_file, {}).flag("DEBUG", default=True)
    assert str(refused.value) == "DEBUG in .env is neither on nor off. Set it to one of them."


def test_names_of_variables__are_those_of_env_example_and_of_the_settings() -> None:
    example = (PROJECT / ".env.example").read_text()
    settings = (PROJECT / "config" / "settings.py").read_text()
    assert sorted(re.findall(r"^#([A-Z_]+)=", example, re.MULTILINE)) == list(VARIABLES)
    assert {*re.findall(r"\benv\.\w+\(\s*\"(\w+)\"", settings)} == {*VARIABLES}


# Processes


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Return a directory with the project's settings and a damaged .env."""
    config = tmp_path / "config"
    config.mkdir()
    for path in (PROJECT / "config").iterdir():
        (config / path.name).symlink_to(path)
    (config / "settings.py").unlink()
    # These two are copied, because they look for other files next to their real path.
    shutil.copy(PROJECT / "config" / "settings.py", config)
    shutil.copy(PROJECT / "manage.py", tmp_path)
    (tmp_path / ".env").write_text(f"DEBUG=off\nSECRET_KEY: {SECRET}\n")
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("manage.py", "runserver", "0"),
        ("manage.py", "check", "--traceback"),
        ("-c", "import config.wsgi"),
    ],
    ids=" ".join,
)
def test_process_with_damaged_env_file__ends_without_showing_it(
    damaged: Path, arguments: tuple[str, ...]
) -> None:
    process = subprocess.run(
        [*PYTHON, *arguments],
        cwd=damaged,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert process.returncode == 1
    lines = process.stderr.splitlines()
    assert len(lines) == 1 or "--traceback" in arguments
    assert lines[-1].endswith(f": Line 2 of .env {NOT_UNDERSTOOD}")
    assert SECRET not in process.stdout + process.stderr
