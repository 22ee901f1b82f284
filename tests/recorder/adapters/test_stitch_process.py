"""What the program that stitches is given; what becomes of it is told in the tests of stitching."""

import os
import sys

import pytest

from recorder.adapters.stitch_process import StitchProcess, environment
from recorder.errors import StitchFailed
from recorder.stitch.stitching import Result, stitch
from tests.recorder.stitch.stitch_node import CONTACT, World

TELLING = """
import sys
from pathlib import Path
Path(sys.argv[1]).write_bytes(Path("/proc/self/environ").read_bytes())
from recorder.stitch.worker import main
sys.exit(main())
"""


def test_the_worker_is_given_no_secret_of_the_nodes_environment(tmp_path, monkeypatch):
    for name in ("TANDEM_TOKEN", "CRM_SECRET", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "do-not-tell")
    world = World(tmp_path / "world")
    world.add_call()
    world.add_screen()
    told = world.directory / "environ"
    program = (sys.executable, "-P", "-c", TELLING, str(told))

    studio = StitchProcess(world.directory / "s", program=program)
    done = stitch(world.tools(studio=studio), CONTACT, complete=False)

    assert done.result is Result.MADE
    given = told.read_bytes()
    assert b"do-not-tell" not in given
    assert b"SECRET" not in given
    assert f"PATH={os.environ['PATH']}".encode() in given.split(b"\0")


def test_a_worker_that_takes_too_long_is_ended(tmp_path):
    world = World(tmp_path / "world")
    world.add_call()
    program = (sys.executable, "-c", "import time; time.sleep(60)")
    studio = StitchProcess(world.directory / "s", limit_s=0.5, program=program)

    with pytest.raises(StitchFailed, match="longer"):
        stitch(world.tools(studio=studio), CONTACT, complete=False)


def test_this_installation_comes_first_among_the_places_of_modules():
    given = environment({"PYTHONPATH": "/elsewhere", "PATH": "/bin", "TANDEM_TOKEN": "t"}, "/here")
    assert given == {"PYTHONPATH": f"/here{os.pathsep}/elsewhere", "PATH": "/bin"}
    assert environment({}, "/here") == {"PYTHONPATH": "/here"}
