"""What every implementation of Secrets promises."""

import pytest

from recorder.adapters.secrets import FileSecrets
from recorder.errors import ConfigError


@pytest.fixture
def secrets():
    return FileSecrets()


def test_a_secret_in_the_environment_is_read_by_name(secrets, monkeypatch):
    monkeypatch.setenv("TANDEM_TEST_SECRET", "s3cret with spaces ")
    assert secrets.read("env:TANDEM_TEST_SECRET") == "s3cret with spaces "


def test_a_secret_in_a_file_comes_without_its_trailing_line_end(secrets, tmp_path):
    file = tmp_path / "secret"
    file.write_bytes(b"s3cret\r\n")
    assert secrets.read(f"file:{file}") == "s3cret"


def test_a_mended_file_is_seen_at_the_next_read(secrets, tmp_path):
    file = tmp_path / "secret"
    file.write_text("old\n")
    assert secrets.read(f"file:{file}") == "old"
    file.write_text("new\n")
    assert secrets.read(f"file:{file}") == "new"


def test_a_secret_in_clear_may_hold_colons(secrets):
    assert secrets.read("value:a:b") == "a:b"


@pytest.mark.parametrize(
    "reference",
    ["env:TANDEM_NOT_SET", "file:/nowhere/at/all", "env:", "file:", "value:", "", "s3cret"],
)
def test_what_is_missing_or_malformed_is_a_config_error_with_a_hint(
    secrets, reference, monkeypatch
):
    monkeypatch.delenv("TANDEM_NOT_SET", raising=False)
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


def test_no_error_shows_the_bytes_of_a_file_that_is_no_text(secrets, tmp_path):
    file = tmp_path / "secret"
    file.write_bytes(b"hunter2\xff")
    with pytest.raises(ConfigError) as caught:
        secrets.read(f"file:{file}")
    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"
