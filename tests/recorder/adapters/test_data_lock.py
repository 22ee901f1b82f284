import subprocess
import sys

import pytest

from recorder.adapters import data_lock
from recorder.adapters.data_lock import claim_data
from recorder.errors import ConfigError

HOLDER = """
import sys
from pathlib import Path
from recorder.adapters.data_lock import claim_data
claim_data(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path / "data"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_data_directory_of_another_process_is_refused_with_its_number(tmp_path, holder):
    with pytest.raises(ConfigError, match=rf"node\.data: .*data is in use by process {holder.pid}"):
        claim_data(tmp_path / "data")


def test_a_process_that_was_killed_leaves_its_directory_free(tmp_path, holder):
    holder.kill()
    holder.wait()

    claim_data(tmp_path / "data")


def test_the_process_that_holds_a_directory_may_claim_it_again(tmp_path):
    claim_data(tmp_path / "data")
    claim_data(tmp_path / "data")


def test_a_directory_that_cannot_be_made_names_the_key_and_the_path(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match=r"node\.data: .*file/data cannot be made"):
        claim_data(tmp_path / "file" / "data")


def test_a_read_only_directory_names_the_key_and_the_path(tmp_path, monkeypatch):
    def read_only(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(data_lock.os, "open", read_only)

    with pytest.raises(ConfigError, match=r"node\.data: .*: Read-only file system") as caught:
        claim_data(tmp_path)

    assert caught.value.hint
