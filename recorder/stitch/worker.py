"""The program that stitches: an `Order` as JSON on standard input, a `Made` on standard output.

`python -m recorder.stitch.worker`. It is a process of its own so that a codec that crashes, or wants all
memory, ends this program and not the node. It works at low priority, ends when its node does, and keeps
the object key of what it reads in a file of its directory: what a crash is blamed on.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
import time
from pathlib import Path

import av.logging

from recorder.stitch.making import make
from recorder.stitch.plan_model import DISK_REFUSED, READING, Order

NICE = 10
ORPHAN = 3
"""Exit code of a worker whose node is gone."""


class Reading:
    """Notes what is read, and looks whether the node is still there."""

    def __init__(self, directory: str, parent: int) -> None:
        self._file = os.open(
            Path(directory) / READING, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
        )
        self._parent = parent
        self._last = ""

    def __call__(self, key: str) -> None:
        """The object with this key is read now."""
        if os.getppid() != self._parent:
            sys.exit(ORPHAN)
        if key != self._last:
            data = key.encode()
            os.pwrite(self._file, data, 0)
            os.ftruncate(self._file, len(data))
            self._last = key


def main() -> int:
    """Stitch what standard input says."""
    started_ns = time.monotonic_ns()  # noqa: TID251 - this program has no other clock
    os.nice(NICE)
    av.logging.set_level(av.logging.PANIC)
    order = Order.model_validate_json(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_AS, (order.memory_bytes_max, order.memory_bytes_max))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        made = make(order, Reading(order.directory, order.parent_pid))
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise  # of a codec or a new thread: it is no disk that refuses
        sys.stderr.write(f"{error.strerror or type(error).__name__}\n")
        return DISK_REFUSED
    seconds = (time.monotonic_ns() - started_ns) / 1e9  # noqa: TID251 - as above
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    made = made.model_copy(update={"seconds": round(seconds, 3), "memory_bytes": peak_bytes})
    sys.stdout.write(made.model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())
