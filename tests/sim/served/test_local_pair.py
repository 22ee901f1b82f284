import socket
import tomllib
from dataclasses import replace

import pytest

from recorder.config import load_config
from sim.served.local_pair import NODES, LocalPair, PairPlan, free_port, free_ports
from sim.served.source_plan import SourcePlan
from sim.served.sources import client_apps, dynamics_plan
from sim.ucaas.dynamics.serving import Urls

URLS = Urls("http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1", "http://x", "t")


@pytest.fixture
def make_pair(tmp_path):
    pairs = []

    def make(*more, **plan):
        sources = (dynamics_plan(URLS, page_size=10), *more)
        pairs.append(LocalPair(PairPlan(tmp_path / "pair", sources, **plan)))
        return pairs[-1]

    yield make
    for pair in pairs:
        for node in pair.nodes.values():
            node.close()


def table_of(pair, name):
    return tomllib.loads(pair.nodes[name].config.read_text(encoding="utf-8"))


def test_the_configurations_are_ones_a_node_accepts(make_pair):
    pair = make_pair()
    for name, node in pair.nodes.items():
        config = load_config(node.config)
        assert config.node.id == name
        assert config.node.data == pair.directory / name


def test_each_node_dials_where_the_other_listens(make_pair):
    pair = make_pair()
    alpha, beta = (table_of(pair, name)["peer"] for name in NODES)
    assert alpha["address"] == beta["listen"]
    assert beta["address"] == alpha["listen"]


def test_a_port_in_between_is_dialled_instead(make_pair):
    pair = make_pair(peer_ports={"alpha": 7001})
    assert table_of(pair, "alpha")["peer"]["address"] == "127.0.0.1:7001"
    assert table_of(pair, "beta")["peer"]["address"] == table_of(pair, "alpha")["peer"]["listen"]


def test_tables_are_merged_over_the_demos_and_those_of_one_node_come_last(make_pair):
    pair = make_pair(
        tables={"poll": {"interval_s": 3.0}, "retry": {"base_s": 0.2}},
        of_node={"beta": {"poll": {"interval_s": 4.0}, "sources.dynamics": {"client_id": "other"}}},
    )
    alpha, beta = (table_of(pair, name) for name in NODES)
    assert (alpha["poll"]["interval_s"], beta["poll"]["interval_s"]) == (3.0, 4.0)
    assert alpha["poll"]["settle_s"] == beta["poll"]["settle_s"] == 0.0
    assert alpha["retry"] == beta["retry"] == {"base_s": 0.2}
    assert alpha["sources"]["dynamics"]["page_size"] == 10
    assert alpha["sources"]["dynamics"]["client_id"] == "recorder-alpha"
    assert beta["sources"]["dynamics"]["client_id"] == "other"


def test_no_secret_is_in_a_configuration_and_the_token_is_for_its_owner_only(make_pair):
    pair = make_pair()
    for node in pair.nodes.values():
        text = node.config.read_text(encoding="utf-8")
        assert pair.token not in text
        assert "secret-of" not in text
    assert pair.token_file.stat().st_mode & 0o777 == 0o600


def test_each_node_has_an_application_of_its_own(make_pair):
    pair = make_pair()
    ids = [table_of(pair, name)["sources"]["dynamics"]["client_id"] for name in NODES]
    assert ids == [app.client_id for app in client_apps()]
    assert len({app.secret for app in client_apps()}) == len(NODES)


def test_every_source_has_a_table_and_secrets_of_its_own(make_pair):
    tapes = SourcePlan(
        kind="tapes",
        keys={"url": "http://127.0.0.1:2"},
        secrets={node: {"api_key": f"key-of-{node}"} for node in NODES},
    )
    pair = make_pair(tapes, replace(tapes, name="tapes-east"))
    for name, node in pair.nodes.items():
        sources = table_of(pair, name)["sources"]
        assert list(sources) == ["dynamics", "tapes", "tapes-east"]
        assert sources["tapes"] == {
            "kind": "tapes",
            "url": "http://127.0.0.1:2",
            "api_key": "env:TANDEM_TAPES_API_KEY",
        }
        assert sources["tapes-east"]["api_key"] == "env:TANDEM_TAPES_EAST_API_KEY"
        assert node._env == {
            "TANDEM_DYNAMICS_CLIENT_SECRET": f"secret-of-{name}",
            "TANDEM_TAPES_API_KEY": f"key-of-{name}",
            "TANDEM_TAPES_EAST_API_KEY": f"key-of-{name}",
        }


def test_a_plan_shows_no_secret():
    plan = SourcePlan(kind="tapes", keys={}, secrets={"alpha": {"api_key": "hush"}})
    assert "hush" not in repr(plan)


def test_web_ports_may_be_chosen_and_are_where_the_nodes_are_asked(make_pair):
    pair = make_pair(web_ports={"alpha": 8441})
    assert pair.nodes["alpha"].url == "http://127.0.0.1:8441"
    assert pair.urls == ",".join(pair.nodes[name].url for name in NODES)
    assert pair.other("alpha") is pair.nodes["beta"]


def test_nodes_that_do_not_run_have_no_role_and_stop_at_once(make_pair):
    with make_pair() as pair:
        assert pair.roles() == dict.fromkeys(NODES)
        assert pair.primary() is None


def test_a_port_that_is_taken_is_replaced():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
    (free,) = free_ports(1)
    assert free_port(free) == free


def test_free_ports_are_different_ones_each_time():
    assert len({*free_ports(4), *free_ports(4)}) == 8


def test_a_port_that_somebody_listens_on_is_passed_over():
    (last,) = free_ports(1)
    with socket.create_server(("127.0.0.1", last + 1)):
        assert free_ports(1) != [last + 1]


class Scripted:
    """Stands for a process: its roles by turns, the last one again and again."""

    def __init__(self, name, *roles, running=True):
        self.name = name
        self.running = running
        self.done = []
        self._roles = list(roles)

    def role(self):
        return self._roles.pop(0) if len(self._roles) > 1 else self._roles[0]

    def start(self):
        self.done.append("start")

    def stop(self):
        self.done.append("stop")
        if "broken" in self.done:
            raise RuntimeError(f"{self.name} does not stop")

    def close(self):
        self.done.append("close")

    def tail(self):
        return f"log of {self.name}"


@pytest.fixture
def scripted(make_pair):
    """A pair of scripted nodes: the roles of each."""

    def made(alpha, beta, **more):
        pair = make_pair()
        for node in pair.nodes.values():
            node.close()
        pair.nodes = {
            "alpha": Scripted("alpha", *alpha, **more),
            "beta": Scripted("beta", *beta),
        }
        return pair

    return made


def test_starting_waits_until_one_is_primary_and_one_secondary(scripted):
    pair = scripted((None, "starting", "candidate", "secondary"), (None, None, "primary"))
    assert pair.start() == "beta"
    assert [node.done for node in pair.nodes.values()] == [["start"], ["start"]]
    assert pair.primary() is pair.nodes["beta"]


def test_two_primaries_are_no_pair(scripted):
    pair = scripted(("primary",), ("primary",))
    with pytest.raises(TimeoutError, match=r"no pair within 0\.06 s") as caught:
        pair.wait_for_pair(timeout_s=0.06)
    assert "'alpha': 'primary', 'beta': 'primary'" in str(caught.value)
    assert "log of alpha\nlog of beta" in str(caught.value)


def test_a_node_that_ended_is_told_at_once_with_its_log(scripted):
    pair = scripted((None,), ("primary",), running=False)
    with pytest.raises(RuntimeError, match="alpha ended:\nlog of alpha"):
        pair.wait_for_pair(timeout_s=30.0)


def test_both_are_stopped_although_one_does_not_stop(scripted):
    pair = scripted(("primary",), ("secondary",))
    pair.nodes["alpha"].done.append("broken")
    with pytest.raises(RuntimeError, match="alpha does not stop"):
        pair.stop()
    assert pair.nodes["beta"].done == ["stop"]
    assert pair.nodes["alpha"].done == ["broken", "stop"]
