from pathlib import Path

import pytest

from cluster.ports import Endpoint
from recorder.config import load_config
from recorder.errors import ConfigError

GOOD = """
[node]
id = "alpha"
data = "alpha"

[data_center]
database = "sqlite:///center/contacts.db"
archive = "center/archive"

[sources.dynamics]
kind = "dynamics"
org_url = "https://contoso.crm.dynamics.com"
"""


@pytest.fixture
def write(tmp_path: Path):
    def _write(text: str) -> Path:
        path = tmp_path / "node.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.hint
    return str(caught.value)


def test_a_small_file_gets_the_documented_defaults(write):
    config = load_config(write(GOOD))
    assert config.pair.heartbeat_s == 1.0
    assert config.pair.lease_s == 6.0
    assert config.ingest.downloads == 8
    assert config.web.listen == Endpoint("127.0.0.1", 8440)


def test_relative_paths_count_from_the_folder_of_the_file(write, tmp_path):
    config = load_config(write(GOOD))
    assert config.node.data == tmp_path / "alpha"
    assert config.data_center.archive == str(tmp_path / "center/archive")
    assert config.data_center.database == f"sqlite:///{tmp_path}/center/contacts.db"


def test_keys_of_an_adapter_are_left_to_it(write):
    config = load_config(write(GOOD))
    source = config.sources["dynamics"]
    assert source.adapter_settings() == {"org_url": "https://contoso.crm.dynamics.com"}


@pytest.mark.parametrize(
    ("line", "path", "text"),
    [
        ("[pair]\nheartbeat = 2", "pair.heartbeat", "did you mean heartbeat_s?"),
        ("[pair]\nheartbeat_s = 'fast'", "pair.heartbeat_s", "number"),
        ("[peer]\naddress = 'beta'", "peer.address", "host:port"),
        ("[peer]\naddress = 'beta:99999'", "peer.address", "host:port"),
        ("[web]\ntoken = 'hunter2'", "web.token", "must be a reference"),
        ("[colour]\nx = 1", "colour", "unknown key"),
        ("[ingest]\ndownloads = 0", "ingest.downloads", "greater than or equal to 1"),
        ("[[poll.tiers]]\nevery_s = 5", "poll.tiers.0.back_s", "missing"),
        ("[pair]\nlease_believed_s = 7", "pair", "lease_believed_s must be below lease_s"),
    ],
)
def test_a_wrong_line_is_named_with_its_exact_path(write, line, path, text):
    said = refused(write(GOOD + "\n" + line))
    assert f"node.toml: {path}: " in said
    assert text in said


def test_a_secret_written_into_the_file_is_refused_and_not_repeated(write):
    assert "hunter2" not in refused(write(GOOD + "[web]\ntoken = 'hunter2'"))


def test_every_finding_is_told_at_once(write):
    said = refused(write("[node]\nid = 'Alpha'\n[pair]\nheartbeat = 1"))
    assert len(said.splitlines()) == 4
    assert "node.data: missing" in said
    assert "data_center: missing" in said


def test_a_missing_file_is_told_with_the_next_step(tmp_path):
    assert "cannot be read" in refused(tmp_path / "none.toml")


def test_broken_toml_is_told_with_its_line(write):
    assert "line 2" in refused(write("[node]\nid = alpha"))


def test_the_environment_overrides_the_file(write, monkeypatch):
    monkeypatch.setenv("TANDEM__POLL__INTERVAL_S", "5")
    config = load_config(write(GOOD + "[poll]\ninterval_s = 60\nsettle_s = 1"))
    assert config.poll.interval_s == 5
    assert config.poll.settle_s == 1


@pytest.mark.parametrize("name", ["screens", "renditions"])
def test_a_source_cannot_have_a_name_that_the_archive_uses_itself(write, name):
    assert f"sources.{name}" in refused(write(GOOD + f"[sources.{name}]\nkind = 'zoom'"))


def test_a_node_cannot_be_its_own_peer(write):
    assert "own peer.listen" in refused(write(GOOD + "[peer]\nlisten = 'h:1'\naddress = 'h:1'"))


@pytest.mark.parametrize("listen", ["0.0.0.0:8440", "10.0.0.5:8440", "alpha:8440", "[::]:8440"])
def test_a_web_address_that_others_reach_needs_a_token(write, listen):
    web = f"[web]\nlisten = '{listen}'\n"
    assert "web.token: missing" in refused(write(GOOD + web))
    assert load_config(write(GOOD + web + "token = 'env:X'")).web.token == "env:X"


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "localhost:1", "[::1]:1"])
def test_a_web_address_of_this_computer_needs_none(write, listen):
    assert load_config(write(GOOD + f"[web]\nlisten = '{listen}'")).web.token is None


def test_a_certificate_without_its_key_is_refused(write):
    said = refused(write(GOOD + "[web]\ntls_certificate = 'c.pem'"))
    assert "web.tls_key: missing" in said


def test_a_wrong_key_below_an_optional_table_is_explained(write):
    said = refused(write(GOOD + "[peer.tls]\nca = 'a'\ncertificate = 'b'\nkey = 'c'\nkeys = 'd'"))
    assert "peer.tls.keys: unknown key (did you mean key?)" in said


def test_relative_paths_of_secrets_count_from_the_folder_of_the_file(write, tmp_path):
    text = GOOD + "client_secret = 'file:secrets/crm'\nlogin = {token = 'file:/run/t', n = 5}\n"
    config = load_config(write(text + "[web]\ntoken = 'file:token'"))
    assert config.web.token == f"file:{tmp_path}/token"
    settings = config.sources["dynamics"].adapter_settings()
    assert settings["client_secret"] == f"file:{tmp_path}/secrets/crm"
    assert settings["login"] == {"token": "file:/run/t", "n": 5}


def test_a_database_named_by_a_secret_file_is_found_beside_the_file(write, tmp_path):
    text = GOOD.replace("sqlite:///center/contacts.db", "file:database")
    assert load_config(write(text)).data_center.database == f"file:{tmp_path}/database"


def test_absolute_paths_stay(write):
    text = GOOD.replace("sqlite:///center", "sqlite:////srv").replace('"center/', '"/srv/')
    config = load_config(write(text))
    assert config.data_center.database == "sqlite:////srv/contacts.db"
    assert config.data_center.archive == "/srv/archive"


def test_files_of_an_adapter_and_of_ingestion_count_from_the_folder_too(write, tmp_path):
    config = load_config(write(GOOD + "ca_file = 'ca.pem'\n[ingest]\nca_file = 'media.pem'"))
    assert config.sources["dynamics"].adapter_settings()["ca_file"] == f"{tmp_path}/ca.pem"
    assert config.ingest.ca_file == tmp_path / "media.pem"


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e300"])
@pytest.mark.parametrize(
    "key",
    [
        "poll.interval_s",
        "poll.overlap_s",
        "poll.start_back_s",
        "poll.stall_factor",
        "retry.cap_s",
        "ingest.stall_s",
        "buffer.look_every_s",
        "archive.retry_s",
        "pair.lease_s",
        "pair.claim_s",
    ],
)
def test_a_number_that_no_clock_can_count_is_refused_with_its_path(write, key, number):
    table, name = key.split(".")

    assert f"{key}: " in refused(write(f"{GOOD}[{table}]\n{name} = {number}\n"))


def test_look_backs_reach_ten_years_and_no_further(write):
    tier = "[poll]\ntiers = [{{every_s = 60, back_s = {}}}]\n"

    assert load_config(write(GOOD + tier.format(3660 * 86_400))).poll.tiers
    assert "poll.tiers.0.back_s: " in refused(write(GOOD + tier.format(1e12)))


def test_an_override_of_a_misspelt_table_is_refused_by_name(write, monkeypatch):
    monkeypatch.setenv("TANDEM__POL__INTERVAL_S", "5")

    assert "TANDEM__POL__INTERVAL_S: unknown table (did you mean poll?)" in refused(write(GOOD))
