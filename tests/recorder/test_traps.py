"""Traps are only set where they are allowed, and strike at the count asked for."""

import signal
import subprocess
import sys

import pytest

from recorder.errors import ConfigError
from recorder.traps import TrapSprung, no_trap, trap_from, trapped

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


@pytest.mark.parametrize(
    "wanted", ["nowhere", "rename:x", "rename:-1", "raise_in:pair", "raise_in:pair:x"]
)
def test_a_trap_that_cannot_be_is_refused(wanted):
    with pytest.raises(ConfigError, match="no such trap"):
        trap_from({"TANDEM_TRAP": wanted, "TANDEM_TRAPS_ALLOWED": "1"})


class Noting:
    def __init__(self):
        self.seen = []

    def on_start(self):
        self.seen.append("start")

    def on_message(self, message):
        self.seen.append(message)

    def on_stop(self):
        self.seen.append("stop")


def sabotaged(wanted, name):
    behaviour = Noting()
    trap = trap_from({"TANDEM_TRAP": wanted, "TANDEM_TRAPS_ALLOWED": "1"})
    return behaviour, trapped(behaviour, name, trap)


def test_an_actor_raises_at_the_message_asked_for():
    behaviour, actor = sabotaged("raise_in:poller:zoom:2", "poller:zoom")
    actor.on_start()
    actor.on_message(1)
    with pytest.raises(TrapSprung, match="poller:zoom"):
        actor.on_message(2)
    actor.on_stop()
    assert behaviour.seen == ["start", 1, "stop"]


def test_other_actors_handle_their_messages_as_ever():
    behaviour, actor = sabotaged("raise_in:poller:zoom:1", "pair")
    actor.on_message(1)
    assert behaviour.seen == [1]


def test_without_a_trap_a_behaviour_stays_as_it_is():
    behaviour = Noting()
    assert trapped(behaviour, "pair", no_trap) is behaviour
