"""What every implementation of Secrets promises."""

import pytest

from recorder.adapters.secrets import FileSecrets
from recorder.errors import ConfigError
from sim.stand_ins.memory_secrets import MemorySecrets


class Machine:
    """The environment and the files of this machine."""

    def __init__(self, monkeypatch, directory):
        self.secrets, self._monkeypatch, self._directory = FileSecrets(), monkeypatch, directory
        monkeypatch.delenv("TANDEM_NOT_SET", raising=False)

    def set(self, name, text):
        self._monkeypatch.setenv(name, text)

    def write(self, content):
        path = self._directory / "secret"
        path.write_bytes(content)
        return f"file:{path}"


class Memory:
    """The same without a machine."""

    def __init__(self, *_):
        self.secrets = MemorySecrets()

    def set(self, name, text):
        self.secrets.environment[name] = text

    def write(self, content):
        self.secrets.files["/secret"] = content
        return "file:/secret"


@pytest.fixture(params=[Machine, Memory], ids=["file", "memory"])
def world(request, monkeypatch, tmp_path):
    return request.param(monkeypatch, tmp_path)


@pytest.fixture
def secrets(world):
    return world.secrets


def test_a_secret_in_the_environment_is_read_by_name(world):
    world.set("TANDEM_TEST_SECRET", "s3cret with spaces ")
    assert world.secrets.read("env:TANDEM_TEST_SECRET") == "s3cret with spaces "


def test_a_secret_in_a_file_comes_without_its_trailing_line_end(world):
    assert world.secrets.read(world.write(b"s3cret\r\n")) == "s3cret"


def test_a_mended_file_is_seen_at_the_next_read(world):
    assert world.secrets.read(world.write(b"old\n")) == "old"
    assert world.secrets.read(world.write(b"new\n")) == "new"


def test_an_empty_secret_is_none(world):
    world.set("TANDEM_TEST_SECRET", "")
    for reference in ("env:TANDEM_TEST_SECRET", world.write(b"\n")):
        with pytest.raises(ConfigError, match="empty"):
            world.secrets.read(reference)


def test_a_secret_in_clear_may_hold_colons(secrets):
    assert secrets.read("value:a:b") == "a:b"


@pytest.mark.parametrize(
    "reference",
    ["env:TANDEM_NOT_SET", "file:/nowhere/at/all", "env:", "file:", "value:", "", "s3cret"],
)
def test_what_is_missing_or_malformed_is_a_config_error_with_a_hint(secrets, reference):
    with pytest.raises(ConfigError) as caught:
        secrets.read(reference)
    assert caught.value.hint


def test_the_error_names_the_reference(secrets):
    with pytest.raises(ConfigError, match="env:TANDEM_NOT_SET"):
        secrets.read("env:TANDEM_NOT_SET")


def test_no_error_shows_a_secret_that_was_written_where_a_reference_belongs(secrets):
    with pytest.raises(ConfigError) as caught:
        secrets.read("hunter2:hunter2")
    assert "hunter2" not in f"{caught.value!r} {caught.value.hint}"


def test_no_error_shows_the_bytes_of_a_file_that_is_no_text(world):
    reference = world.write(b"hunter2\xff")
    with pytest.raises(ConfigError) as caught:
        world.secrets.read(reference)
    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_the_implementation_does_not_show_what_it_holds(world):
    world.set("TANDEM_TEST_SECRET", "hunter2")
    world.write(b"hunter2")
    assert "hunter2" not in repr(world.secrets)
