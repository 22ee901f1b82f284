"""Seed in, trace out: to the byte, in another process, under another hash seed."""

import os
import subprocess
import sys

import pytest

from tests.contract.hosts import SimHost
from tests.story import tell_story

PROGRAM = """
import sys
from tests.sim.test_determinism import trace_of
sys.stdout.write(trace_of(int(sys.argv[1])))
"""


def trace_of(seed):
    rows = []
    host = SimHost(seed, trace=lambda now_ns, label: rows.append(f"{now_ns} {label}"))
    rows.append(str(tell_story(host)))
    rows.append(host.randomness.token())
    return "\n".join(rows)


def trace_in_another_process(seed, hash_seed):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(seed)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_trace_in_processes_with_other_hash_seeds(seed):
    traces = {trace_in_another_process(seed, hash_seed) for hash_seed in ("0", "1", "77")}
    assert traces == {trace_of(seed)}


def test_the_trace_names_actors_timers_and_lanes():
    labels = {row.split(" ", 1)[1] for row in trace_of(1).split("\n")[:-2]}
    assert {"a/ledger", "a/metronome", "a timer", "a lane1"} <= labels


def test_another_seed_gives_another_trace():
    assert trace_of(1) != trace_of(2)
