"""verify_schema, run within the process of the test."""

from dataclasses import dataclass
from io import StringIO

from django.core.management import CommandError, call_command


@dataclass(frozen=True)
class Run:
    """The exit status, stdout and stderr of a run."""

    status: int
    out: str
    err: str = ""

    @property
    def verdict(self) -> tuple[int, str]:
        """Return the exit status and the last line."""
        return self.status, (self.out + self.err).rstrip("\n").rpartition("\n")[2]


def verify_schema(*arguments: object, to_stdout: bool = False) -> Run:
    """Run the command; with `to_stdout` it writes to sys.stdout, as in a separate process."""
    out = StringIO()
    try:
        stdout = None if to_stdout else out
        call_command("verify_schema", *map(str, arguments), stdout=stdout)
    except SystemExit as ended:
        return Run(int(ended.code or 0), out.getvalue())
    except CommandError as error:
        return Run(error.returncode, out.getvalue(), str(error))
    return Run(0, out.getvalue())


IDENTICAL = (0, "Identical: the live schema agrees with the models.")


def drift(differences: int) -> tuple[int, str]:
    """Return the exit status and verdict for that many differences."""
    noun = "difference" if differences == 1 else "differences"
    return 1, f"Drift: {differences} {noun} between the models and the live schema."
