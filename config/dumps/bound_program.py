"""Replace this process with another program. On Linux, that program ends with its parent process.

Arguments: the pid of the parent, the program, and the arguments of the program.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("The process that started this one has ended.")
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606
