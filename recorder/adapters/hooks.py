"""Runs an operator's program on a change of role."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Sequence

from cluster.messages import RoleChanged

HOOK_TIMEOUT_S = 30.0


def role_hook(
    command: Sequence[str], *, timeout_s: float = HOOK_TIMEOUT_S
) -> Callable[[RoleChanged], int] | None:
    """A blocking function for a job, or None without a command.

    It returns the program's exit status, negative for the signal that ended it. Raises OSError when
    the program cannot be started and TimeoutError when it was killed for taking too long.
    """
    if not command:
        return None

    def run(change: RoleChanged) -> int:
        words = [change.node, change.old.value, change.new.value, str(change.term), change.reason]
        return _run([*command, *words], timeout_s)

    return run


def _run(words: list[str], timeout_s: float) -> int:
    # posix_spawn and not subprocess: the node blocks its signals, and only here can a child be
    # started without inheriting that. A group of its own, so that it is killed with its children.
    child = os.posix_spawnp(
        words[0],
        words,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
        setpgroup=0,
        setsigmask=(),
    )
    handle = os.pidfd_open(child)
    try:
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        ended = waiting.poll(timeout_s * 1000)
    finally:
        os.close(handle)
    if not ended:
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not ended:
        raise TimeoutError(f"it was killed after {timeout_s:.0f} s")
    return os.waitstatus_to_exitcode(status)
