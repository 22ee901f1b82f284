"""Ctrl-C during a swarm, with real processes: whoever is in the terminal gets it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import wait_until


def session_of(pid):
    """Everything that runs in the session which the process `pid` leads."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.fixture
def hears_ctrl_c():
    """Tests that were begun in the background have it ignored, and so would everything that they begin."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_ends_a_swarm_quietly_with_what_it_had_found_and_leaves_no_process(tmp_path):
    words = ["sim", "swarm", "--runs", "100000", "--jobs", "2", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "recorder.cli.main", *words],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as swarm:
        # Itself, who cleans up after it, and those that work for it: they only begin, and hear nothing either.
        wait_until(lambda: len(session_of(swarm.pid)) >= 4, 30, "its processes have begun")
        os.killpg(swarm.pid, signal.SIGINT)
        out, err = swarm.communicate(timeout=60)
    assert swarm.returncode == 130
    assert json.loads(out)["violations"] == []
    assert "Traceback" not in err
    assert "Error" not in err
    assert "interrupted after " in err
    wait_until(lambda: not session_of(swarm.pid), 30, "nothing of it runs on")
