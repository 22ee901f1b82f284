"""What every signing key promises: FileSigner and MemorySigner."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from recorder.adapters.signing_key import FileSigner
from recorder.errors import ConfigError
from recorder.prove.signature import is_signed_by, to_be_signed
from sim.tables.certificates import MemorySigner


@pytest.fixture(params=["file", "memory"])
def make(request, tmp_path):
    """The key of a node, as often as it is opened."""
    if request.param == "memory":
        return MemorySigner
    return lambda name: FileSigner(tmp_path / f"{name}.key")


def test_what_is_signed_can_be_verified_with_the_public_key(make):
    signer = make("alpha")
    signature = signer.sign(to_be_signed(b"a statement"))
    assert (len(signer.public_key()), len(signature)) == (32, 64)
    assert is_signed_by(signer.public_key(), b"a statement", signature)
    assert not is_signed_by(signer.public_key(), b"another", signature)
    assert not is_signed_by(signer.public_key(), b"a statement", signature[:-1])


def test_a_key_stays_and_each_node_has_its_own(make):
    assert make("alpha").public_key() == make("alpha").public_key()
    assert make("alpha").public_key() != make("beta").public_key()


def test_a_signature_for_another_purpose_is_none_of_a_certificate(make):
    signer = make("alpha")
    assert not is_signed_by(signer.public_key(), b"a statement", signer.sign(b"a statement"))


def test_the_file_is_its_owners_alone_and_never_changes(tmp_path):
    path = tmp_path / "signing.key"
    signer = FileSigner(path)
    assert not path.exists(), "made at first need"
    signer.public_key()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    FileSigner(path).sign(b"x")
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["signing.key"]


def test_many_that_need_it_at_once_make_one_key(tmp_path):
    path = tmp_path / "signing.key"
    with ThreadPoolExecutor(8) as pool:
        keys = {*pool.map(lambda _: FileSigner(path).public_key(), range(8))}
    assert len(keys) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "signing.key"
    FileSigner(path).public_key()
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read") as refused:
        FileSigner(path).public_key()
    assert "chmod 600" in refused.value.hint


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_file_that_is_no_key_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "signing.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="no signing key") as refused:
        FileSigner(path).sign(b"x")
    assert path.read_bytes() == content
    assert "old key" in refused.value.hint


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read or made"):
        FileSigner(tmp_path / "no" / "signing.key").public_key()


def test_nothing_shows_the_private_key(tmp_path):
    path = tmp_path / "signing.key"
    code = f"from recorder.adapters.signing_key import FileSigner as F; from pathlib import Path; s=F(Path({str(path)!r})); s.sign(b'x'); print(repr(s), vars(s))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    secret = path.read_text().splitlines()[1]
    assert secret not in done.stdout + done.stderr
