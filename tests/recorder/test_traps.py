"""Traps are only set where they are allowed, and strike at the count asked for."""

import signal
import subprocess
import sys

import pytest

from recorder.errors import ConfigError
from recorder.traps import no_trap, trap_from

SCRIPT = """
import os
from recorder.traps import trap_from
trap = trap_from(os.environ)
for number in range(3):
    trap("append")
    trap("rename")
    print(number, flush=True)
"""


def run(**environ):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={"PYTHONPATH": ".", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_the_process_dies_at_the_point_and_count_asked_for():
    ended = run(TANDEM_TRAP="rename:2", TANDEM_TRAPS_ALLOWED="1")
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.split() == ["0"]


def test_nothing_happens_unless_traps_are_allowed():
    assert trap_from({"TANDEM_TRAP": "rename:1"}) is no_trap
    assert trap_from({"TANDEM_TRAP": "rename:1", "TANDEM_TRAPS_ALLOWED": "0"}) is no_trap
    assert trap_from({}) is no_trap
    no_trap("rename")


@pytest.mark.parametrize("wanted", ["nowhere", "rename:x", "rename:-1"])
def test_a_trap_that_cannot_be_is_refused(wanted):
    with pytest.raises(ConfigError, match="no such trap"):
        trap_from({"TANDEM_TRAP": wanted, "TANDEM_TRAPS_ALLOWED": "1"})
