"""Failures of pg_dump and pg_restore, and the end of both with their caller."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.dumps.client_programs import ClientProgramError, ClientPrograms
from tests.support.processes import PROJECT, eventually, is_alive

TOOLS = ClientPrograms(Path("/bin"), 0, "", "", "")


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (
            "pg_dump: warning: this is that\npg_dump: error: query failed: ERROR:  no\n"
            "pg_dump: detail: Query was: SELECT\n 1\npg_dump: hint: do\n",
            "query failed: ERROR: no",
        ),
        (
            'pg_dump: error: Dumping the contents of table "x" failed: PQgetResult() failed.\n'
            "pg_dump: detail: Error message from server: ERROR:  character with byte sequence\n"
            "pg_dump: detail: Command was: COPY public.x (t) TO stdout;\n",
            'Dumping the contents of table "x" failed: PQgetResult() failed. Error message from '
            "server: ERROR: character with byte sequence",
        ),
        ("pg_dump: invalid option -- x\nTry it.\n", "invalid option -- x Try it"),
        ("sh: 1: Cannot fork\n", "sh: 1: Cannot fork"),
        ("", "it ended with exit status 3"),
    ],
    ids=["query", "details", "no error", "another program", "silent"],
)
def test_program_that_fails__its_reason_in_one_line(stderr: str, reason: str) -> None:
    with pytest.raises(ClientProgramError) as error:
        TOOLS.run(["/bin/sh", "-c", "cat >&2; exit 3"], stderr.encode())
    assert str(error.value) == reason


def test_program_that_is_killed__reported() -> None:
    with pytest.raises(ClientProgramError) as error:
        TOOLS.run(["/bin/sh", "-c", "kill -9 $$"])
    assert str(error.value) == "it ended with signal SIGKILL"


def test_program_of_a_process_that_raises__ended() -> None:
    with pytest.raises(KeyError), TOOLS.running(["/bin/sleep", "100"]):
        raise KeyError  # the test takes a hundred seconds if the program is not ended


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
@pytest.mark.parametrize(
    ("program", "bound"),
    [("exec sleep 1000", True), ("while echo; do sleep 0.1; done", False)],
    ids=["bound", "writing to its pipe"],
)
def test_program_of_a_process_that_is_killed__ended(
    program: str, bound: bool, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    command = f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; {program}"
    code = (
        "from pathlib import Path; from config.dumps import ClientPrograms\n"
        "tools = ClientPrograms(Path('/bin'), 0, '', '', '')\n"
        f"tools.run(['/bin/sh', '-c', {command!r}], bound={bound})"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT) as caller:
        assert eventually(pid_file.exists)
        caller.kill()
    assert eventually(lambda: not is_alive(int(pid_file.read_text())))
