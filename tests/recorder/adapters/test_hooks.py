import signal
import sys
from pathlib import Path

import pytest

from cluster.frames import Role
from cluster.messages import RoleChanged
from recorder.adapters.hooks import role_hook
from tests.waiting import wait_until

CHANGE = RoleChanged("alpha", Role.SECONDARY, Role.PRIMARY, 8, "the peer; $(died)", 5)


def python(code, *arguments):
    return (sys.executable, "-c", code, *arguments)


def test_no_program_means_no_hook():
    assert role_hook(()) is None


def test_the_program_gets_the_change_as_its_arguments(tmp_path):
    out = tmp_path / "out"
    code = "import sys; open(sys.argv[1], 'w').write('|'.join(sys.argv[2:]))"
    assert role_hook(python(code, str(out)))(CHANGE) == 0
    assert out.read_text() == "alpha|secondary|primary|8|the peer; $(died)"


def test_its_exit_status_is_told():
    assert role_hook(python("raise SystemExit(3)"))(CHANGE) == 3


def test_the_signal_that_ended_it_is_told_as_a_negative_number():
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert role_hook(python(code))(CHANGE) == -9


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path):
    pid = tmp_path / "pid"
    code = (
        "import os, sys, signal\n"
        "child = os.fork()\n"
        "if child: open(sys.argv[1], 'w').write(str(child))\n"
        "signal.pause()\n"
    )
    with pytest.raises(TimeoutError, match="killed after"):
        role_hook(python(code, str(pid)), timeout_s=1.0)(CHANGE)
    stat = Path(f"/proc/{pid.read_text()}/stat")
    wait_until(lambda: state_of(stat) in {"", "Z"}, 5.0, "the end of the child's child")


def state_of(stat):
    """The state letter of a process; empty when there is none."""
    try:
        return stat.read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_a_program_that_does_not_exist_is_an_error():
    with pytest.raises(OSError, match="nowhere"):
        role_hook(("/nowhere/hook",))(CHANGE)


def test_the_program_inherits_no_blocked_signals():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        code = (
            "import signal; blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ());"
            "raise SystemExit(len(blocked))"
        )
        assert role_hook(python(code))(CHANGE) == 0
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_the_program_reads_nothing_from_the_node(tmp_path):
    out = tmp_path / "out"
    code = "import sys; open(sys.argv[1], 'w').write(repr(sys.stdin.read()))"
    assert role_hook(python(code, str(out)))(CHANGE) == 0
    assert out.read_text() == "''"


def test_no_descriptor_is_left_open():
    def count():
        return len(list(Path("/proc/self/fd").iterdir()))

    hook, before = role_hook(python("pass")), count()
    for _ in range(5):
        hook(CHANGE)
    assert count() == before
