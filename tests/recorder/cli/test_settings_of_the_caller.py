"""Where the nodes are and with which token: options, environment, configuration file."""

import pytest
import trustme

from cluster.ports import Endpoint
from recorder.web.app import create_app
from recorder.web.server import WebServer
from tests.recorder.fake_node import TOKEN


@pytest.fixture
def config(url, tmp_path):
    """A node's configuration file whose web address is the served one."""
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    path = tmp_path / "node.toml"
    listen = url.removeprefix("http://")
    path.write_text(
        f"[node]\nid = 'alpha'\ndata = 'alpha'\n"
        f"[web]\nlisten = '{listen}'\ntoken = 'file:token'\n"
        "[data_center]\ndatabase = 'sqlite:///c.db'\narchive = 'a'\n"
    )
    return path


def test_the_token_comes_from_the_environment(bare, url, monkeypatch):
    monkeypatch.setenv("TANDEM_TOKEN", TOKEN)
    assert bare("node", "list", "--url", url).status == 0


def test_the_token_comes_from_a_file(bare, url, monkeypatch, tmp_path):
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    monkeypatch.setenv("TANDEM_TOKEN_FILE", str(path))
    assert bare("node", "list", "--url", url).status == 0


def test_a_token_file_that_cannot_be_read_is_told_by_name(bare, url, monkeypatch):
    monkeypatch.setenv("TANDEM_TOKEN_FILE", "/nowhere/token")
    ended = bare("node", "list", "--url", url)
    assert ended.status == 2
    assert "/nowhere/token" in ended.err


def test_address_and_token_come_from_the_configuration_of_a_node(bare, config):
    assert bare("node", "list", "--config", config).status == 0


def test_the_configuration_may_be_named_once_in_the_environment(bare, config, monkeypatch):
    monkeypatch.setenv("TANDEM_CONFIG", str(config))
    assert bare("node", "list").status == 0
    assert bare("config", "show").status == 0
    assert bare("config", "check").status == 0


def test_an_option_counts_more_than_the_environment(bare, config, monkeypatch):
    monkeypatch.setenv("TANDEM_URL", "http://127.0.0.1:1")
    assert bare("node", "list", "--config", config).status == 0
    monkeypatch.setenv("TANDEM_CONFIG", str(config))
    assert bare("node", "list").status == 3
    monkeypatch.setenv("TANDEM_TOKEN", "wrong")
    assert bare("node", "list", "--config", config).status == 2


def test_a_token_at_hand_needs_no_readable_secret_file(bare, config, monkeypatch, url):
    (config.parent / "token").unlink()
    assert bare("node", "list", "--config", config).status == 2
    monkeypatch.setenv("TANDEM_TOKEN", TOKEN)
    assert bare("node", "list", "--config", config, "--url", url).status == 0


def test_a_node_that_listens_everywhere_is_reached_on_this_computer(bare, config, url):
    port = url.rpartition(":")[2]
    text = config.read_text().replace(f"127.0.0.1:{port}", f"0.0.0.0:{port}")
    config.write_text(text)
    assert bare("node", "list", "--config", config).status == 0


def test_a_public_address_counts_more_than_the_one_listened_on(bare, config):
    text = config.read_text().replace("[web]", "[web]\npublic_url = 'http://127.0.0.1:1'")
    config.write_text(text)
    ended = bare("node", "list", "--config", config)
    assert ended.status == 3
    assert "http://127.0.0.1:1" in ended.err


@pytest.fixture
def https(node, tmp_path):
    ca, cert = trustme.CA(), None
    cert = ca.issue_cert("127.0.0.1")
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    cert.private_key_and_cert_chain_pem.write_to_path(tmp_path / "node.pem")
    server = WebServer(
        create_app(node.control()),
        Endpoint("127.0.0.1", 0),
        certificate=tmp_path / "node.pem",
        key=tmp_path / "node.pem",
    )
    server.start()
    yield f"https://{server.endpoint}"
    server.stop()


def test_a_private_authority_is_trusted_when_it_is_named(bare, https, monkeypatch, tmp_path):
    ended = bare("health", "--url", https)
    assert ended.status == 2
    assert "TANDEM_CA_FILE" in ended.err
    monkeypatch.setenv("TANDEM_CA_FILE", str(tmp_path / "ca.pem"))
    assert bare("health", "--url", https).status == 0


def test_an_authority_that_cannot_be_read_is_told_by_name(bare, https, monkeypatch):
    monkeypatch.setenv("TANDEM_CA_FILE", "/nowhere/ca.pem")
    ended = bare("health", "--url", https)
    assert ended.status == 2
    assert "/nowhere/ca.pem" in ended.err
