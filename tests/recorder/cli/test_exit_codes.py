"""Every way a command can end has its own exit status; scripts rely on it."""

from dataclasses import replace

import pytest

from cluster.frames import Role
from cluster.status import PairStatus
from recorder.model import Level
from recorder.status import Findings
from tests.recorder.fake_node import LINK_DOWN, TOKEN, FakeNode

DEAD = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("node", "nothing"),
        ("node", "list", "--nothing"),
        ("node", "list", "--url"),
        ("contact", "export", "x"),
        ("item", "list", "--limit", "many"),
        ("item", "retry", "zoom"),
        ("node", "list", "--url", "ftp://h"),
        ("node", "list", "--url", "h:8440"),
        ("node", "list", "--url", ","),
        ("source", "check"),
        ("config", "check"),
        ("config", "check", "/nowhere/node.toml"),
        ("node", "list", "--config", "/nowhere/node.toml"),
        ("certs", "--node", "alpha"),
        ("contact", "list", "--from", "yesterday"),
        ("item", "list", "--limit", "0"),
        ("source", "rewind", "zoom", "--to", "yesterday"),
    ],
)
def test_usage_and_configuration_errors_are_2(tandem, arguments):
    ended = tandem(*arguments)
    assert ended.status == 2
    assert ended.out == ""
    assert ended.err.startswith("tandem: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("node", "list"),
        ("node", "history"),
        ("source", "list"),
        ("item", "list"),
        ("item", "why", "x"),
        ("item", "retry", "zoom", "x"),
        ("contact", "list"),
        ("contact", "show", "x"),
        ("contact", "export", "x", "--to", "/nowhere"),
        ("health",),
        ("pause",),
        ("resume",),
        ("switchover", "--yes"),
        ("failover", "--yes"),
        ("source", "rewind", "zoom", "--to", "2026-01-01T00:00:00Z"),
    ],
)
def test_an_unreachable_node_is_3(bare, arguments):
    ended = bare(*arguments, "--url", DEAD)
    assert ended.status == 3
    assert DEAD in ended.err
    assert ended.out == ""


def test_all_addresses_that_do_not_answer_are_named(bare):
    other = "http://127.0.0.1:2"
    ended = bare("health", "--url", f"{DEAD},{other}")
    assert ended.status == 3
    assert DEAD in ended.err
    assert other in ended.err


def test_the_first_node_that_answers_will_do(bare, node, url):
    assert bare("health", "--url", f"{DEAD},{url}/").status == 0
    node.token = None
    assert bare("item", "list", "--url", f"{DEAD},{url}").status == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("item", "why", "nobody"),
        ("contact", "show", "nobody"),
        ("contact", "show", "no/body"),
        ("contact", "export", "nobody", "--to", "x"),
        ("item", "retry", "zoom", "nobody"),
        ("item", "retry", "crm", "x"),
        ("source", "rewind", "crm", "--to", "2026-01-01T00:00:00Z"),
    ],
)
def test_what_does_not_exist_is_4(tandem, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = tandem(*arguments)
    assert ended.status == 4
    if arguments[-1] == "nobody" and arguments[1] in {"why", "show"}:
        assert f"tandem {arguments[0]} list" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("node", "history"),
        ("item", "list"),
        ("item", "why", "x"),
        ("item", "retry", "zoom", "x"),
        ("contact", "list"),
    ],
)
def test_a_data_center_that_is_away_is_5(tandem, node, arguments):
    node.contact_db.faults.down = True
    ended = tandem(*arguments)
    assert ended.status == 5
    assert "not available" in ended.err


def test_a_node_that_breaks_is_1(tandem, node):
    def broken(_call):
        raise RuntimeError

    node.contact_db.faults.on_call = broken
    assert tandem("item", "list").status == 1


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_missing_or_wrong_token_is_2(bare, url, monkeypatch, token):
    if token:
        monkeypatch.setenv("TANDEM_TOKEN", token)
    ended = bare("item", "list", "--url", url)
    assert ended.status == 2
    assert "TANDEM_TOKEN" in ended.err


def test_something_that_is_no_node_is_1(bare, node, monkeypatch):
    monkeypatch.setattr(node, "control", lambda: None)
    from fastapi import FastAPI  # noqa: PLC0415
    from fastapi.responses import PlainTextResponse  # noqa: PLC0415

    import tests.recorder.fake_node as module  # noqa: PLC0415

    other = FastAPI()
    other.add_api_route("/health", lambda: PlainTextResponse("hello"))
    monkeypatch.setattr(module, "create_app", lambda _control: other)
    with node.served() as url:
        ended = bare("health", "--url", url)
    assert ended.status == 1
    assert "no JSON" in ended.err


def test_health_is_0_when_all_is_well(tandem):
    ended = tandem("health")
    assert (ended.status, ended.out) == (0, "alpha: well\n")
    assert tandem("health", "--json").json["exit"] == 0


def test_health_is_5_when_it_may_heal(tandem, node):
    node.board.publish("findings", Findings((LINK_DOWN,)))
    ended = tandem("health")
    assert ended.status == 5
    assert "warning link_down: beta is not heard (since 2023-11-14 22:13 UTC)" in ended.out


def test_health_is_5_when_the_node_is_not_ready(tandem, node):
    node.change("pair", PairStatus, role=Role.STARTING)
    assert tandem("health").status == 5


def test_health_is_1_when_someone_must_act(tandem, node):
    worse = replace(LINK_DOWN, level=Level.ERROR)
    node.board.publish("findings", Findings((worse,)))
    ended = tandem("health", "--json")
    assert (ended.status, ended.json["exit"]) == (1, 1)


def test_health_asks_both_nodes_and_the_worse_one_counts(bare, node, url):
    ailing = FakeNode("beta")
    ailing.board.publish("findings", Findings((LINK_DOWN,)))
    assert node.name == "alpha"
    with ailing.served() as other:
        both = f"{url},{other}"
        ended = bare("health", "--url", both)
        assert ended.status == 5
        assert ended.lines[:2] == ["alpha: well", "beta: degraded"]
        view = bare("health", "--json", "--url", both).json
    assert (view["node"], view["exit"]) == ("beta", 5)
    assert [one["node"] for one in view["others"]] == ["alpha"]


def test_health_asks_a_node_with_two_addresses_for_one_verdict(bare, url):
    assert bare("health", "--url", f"{url},{url}").out == "alpha: well\n"


def test_health_names_the_address_that_does_not_answer(bare, url):
    ended = bare("health", "--url", f"{url},{DEAD}")
    assert (ended.out, DEAD in ended.err) == ("alpha: well\n", True)


def test_health_needs_no_token(bare, url):
    assert bare("health", "--url", url).status == 0


def test_the_version_is_told(bare):
    ended = bare("--version")
    assert ended.status == 0
    assert ended.out.strip()[0].isdigit()


@pytest.mark.parametrize("arguments", [(), ("--help",), ("node", "--help"), ("-h",)])
def test_help_is_no_error(bare, arguments):
    ended = bare(*arguments)
    assert ended.status == 0
    assert "Usage: tandem" in ended.out


def test_a_reader_that_has_enough_is_no_error(tandem, monkeypatch):
    import sys  # noqa: PLC0415

    def full(_text):
        raise BrokenPipeError

    monkeypatch.setattr("recorder.cli.main.os.dup2", lambda *_: None)
    monkeypatch.setattr(sys.stdout, "fileno", lambda: 1, raising=False)
    monkeypatch.setattr(sys.stdout, "write", full)
    assert tandem("node", "list").status == 0


def test_the_token_is_in_no_message(tandem, node):
    node.contact_db.faults.down = True
    ended = tandem("item", "list")
    assert TOKEN not in ended.out + ended.err
