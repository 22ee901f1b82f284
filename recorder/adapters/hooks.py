"""Runs an operator's program on a change of role."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from cluster.messages import RoleChanged

HOOK_TIMEOUT_S = 30.0


def role_hook(command: Sequence[str]) -> Callable[[RoleChanged], int] | None:
    """A blocking function for a job, or None without a command. Raises OSError, TimeoutExpired."""
    if not command:
        return None

    def run(change: RoleChanged) -> int:
        arguments = [
            change.node,
            change.old.value,
            change.new.value,
            str(change.term),
            change.reason,
        ]
        done = subprocess.run(  # noqa: S603 - the operator's own program, without a shell
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            timeout=HOOK_TIMEOUT_S,
            check=False,
        )
        return done.returncode

    return run
