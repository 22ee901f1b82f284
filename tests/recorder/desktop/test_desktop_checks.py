"""What `tandem agent-desktop --check` says of the token, of the addresses and of each node."""

import json
from contextlib import ExitStack

import pytest

from recorder.cli.main import run
from recorder.desktop import checks
from recorder.desktop.checks import Checked, findings_of
from recorder.desktop.settings import load_settings
from recorder.scn.desktop_tokens import desktop_token
from tests.recorder.desk_server import DESKTOP_TOKEN, served

TEXT = """
[desktop]
id = "d-1"
[desktop.agents]
dynamics = "anna"
[nodes]
urls = {urls}
token = "env:TANDEM_DESKTOP_TOKEN_OF_THIS_TEST"
connect_s = 20.0
[spool]
folder = "frames"
"""
VARIABLE = "TANDEM_DESKTOP_TOKEN_OF_THIS_TEST"
NOBODY = "ws://127.0.0.1:9"


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, DESKTOP_TOKEN)
    monkeypatch.setattr(checks, "_screen", lambda _settings: "64x32")

    def write(*urls):
        path = tmp_path / "desktop.toml"
        path.write_text(TEXT.replace("{urls}", json.dumps(list(urls))))
        return path

    return write


@pytest.fixture
def node():
    with served() as one:
        yield one


def found(path, what):
    return [one for one in findings_of(load_settings(path)) if one.what.startswith(what)]


def test_a_token_that_is_not_in_the_environment_is_told_in_two_sentences(config, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    path = config("wss://alpha:8440")
    (token,) = found(path, "nodes.token")
    assert not token.good
    assert f"no such environment variable. Set {VARIABLE} in the environment" in token.line
    assert "of the node" not in token.line
    (asked,) = found(path, "node ")
    assert (asked.good, asked.text) == (False, "not asked")


def test_a_token_of_another_desktop_is_told(config, monkeypatch):
    monkeypatch.setenv(VARIABLE, desktop_token("a-secret", "desk-2"))
    (token,) = found(config(NOBODY), "nodes.token")
    assert not token.good
    assert "the desktop desk-2, and this is d-1" in token.line
    assert "--desktop d-1" in token.next_step


def test_every_node_is_asked_and_no_desktop_registers(config):
    with ExitStack() as stack:
        nodes = [stack.enter_context(served()) for _ in range(2)]
        asked = found(config(*(one.url for one in nodes)), "node ")
        assert [one.what for one in asked] == [f"node {one.url}" for one in nodes]
        assert all(one.good and one.text.startswith("alpha, version ") for one in asked)
        assert all("takes the token" in one.text for one in asked)
        assert [one.recorder.sayings() for one in nodes] == [[], []]


def test_a_token_that_is_refused_is_told_with_the_next_step(config, node, monkeypatch):
    monkeypatch.setenv(VARIABLE, "another")
    (asked,) = found(config(node.url), "node ")
    assert (asked.good, "The token is wrong" in asked.text) == (False, True)
    assert "web.tokens" in asked.line


def test_a_node_that_is_not_there_is_told_and_the_others_are_asked(config, node):
    gone, there = found(config(NOBODY, node.url), "node ")
    assert not gone.good
    assert "web.listen" in gone.next_step
    assert there.good


def test_an_address_on_another_computer_without_tls_is_a_warning(config):
    (plain,) = found(config("ws://no-such-node.invalid:1", "ws://127.0.0.1:9"), "nodes.urls")
    assert (plain.good, plain.warning) == (True, True)
    assert "no-such-node.invalid" in plain.text
    assert "127.0.0.1" not in plain.text
    assert "wss://" in plain.next_step


def test_the_command_prints_a_line_for_each_and_says_by_its_status_whether_all_is_well(
    config, node, capsys
):
    assert run(["agent-desktop", "--check", "--config", str(config(node.url))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith(f"ok     node {node.url}: alpha, version") for line in lines)
    assert run(["agent-desktop", "--check", "--config", str(config(node.url, NOBODY))]) == 1
    assert f"WRONG  node {NOBODY}" in capsys.readouterr().out
    assert DESKTOP_TOKEN not in "".join(lines)


def test_json_has_every_field(config, node, capsys):
    assert run(["agent-desktop", "--check", "--json", "--config", str(config(node.url))]) == 0
    # The node logs to the same place here, and when it likes.
    text = capsys.readouterr().out
    told = json.JSONDecoder().raw_decode(text, text.index("{\n"))[0]["checks"]
    assert {tuple(sorted(one)) for one in told} == {
        ("good", "next_step", "text", "warning", "what")
    }


def test_a_warning_is_marked_as_one(config, capsys, monkeypatch):
    plain = Checked("nodes.urls", good=True, text="open", next_step="Close it.", warning=True)
    monkeypatch.setattr(checks, "findings_of", lambda _settings: (plain,))
    assert run(["agent-desktop", "--check", "--config", str(config(NOBODY))]) == 0
    assert capsys.readouterr().out == "WARN   nodes.urls: open. Close it.\n"
