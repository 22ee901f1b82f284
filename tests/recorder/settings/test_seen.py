"""Which keys of a configuration changed since it was seen last; no value and no secret is kept."""

import pytest

from recorder.config import load_config
from recorder.settings.seen import changed_keys, load_seen, save_seen, seen
from tests.recorder.test_config import GOOD


@pytest.fixture
def load(tmp_path):
    def _load(text):
        path = tmp_path / "node.toml"
        path.write_text(text, encoding="utf-8")
        return seen(load_config(path))

    return _load


def test_the_same_configuration_has_the_same_digest(load):
    assert load(GOOD) == load(GOOD)
    assert changed_keys(load(GOOD), load(GOOD)) == {}


def test_keys_that_were_changed_added_and_removed_are_named(load):
    before = load(GOOD + "region = 'eu'\n")
    now = load(GOOD.replace("contoso", "fabrikam") + "page = 5\n[poll]\ninterval_s = 5\n")
    assert now.digest != before.digest
    assert changed_keys(before, now) == {
        "added": ["sources.dynamics.page"],
        "removed": ["sources.dynamics.region"],
        "changed": ["poll.interval_s", "sources.dynamics.org_url"],
    }


def test_a_variable_of_the_environment_changes_it_too(load, monkeypatch):
    before = load(GOOD)
    monkeypatch.setenv("TANDEM__POLL__INTERVAL_S", "5")
    assert changed_keys(before, load(GOOD)) == {"changed": ["poll.interval_s"]}


def test_no_secret_and_no_value_is_kept(load, tmp_path):
    now = load(GOOD + "client_secret = 'value:hunter2'\n")
    assert now == load(GOOD + "client_secret = 'value:swordfish'\n")
    save_seen(tmp_path / "seen", now)
    text = (tmp_path / "seen").read_text()
    assert "hunter2" not in text
    assert "contoso" not in text


def test_what_was_saved_is_what_was_seen(load, tmp_path):
    save_seen(tmp_path / "seen", load(GOOD))
    assert load_seen(tmp_path / "seen") == load(GOOD)


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b'{"digest":"x","keys":5}', b"\xff"])
def test_what_cannot_be_read_was_not_seen(tmp_path, content):
    if content is not None:
        (tmp_path / "seen").write_bytes(content)
    assert load_seen(tmp_path / "seen") is None
