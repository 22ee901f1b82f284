import threading

import pytest
from structlog.testing import capture_logs
from zeroconf import ServiceInfo, Zeroconf

from cluster.adapters import zeroconf_discovery
from cluster.adapters.zeroconf_discovery import SERVICE_TYPE, ZeroconfDiscovery, _Listener
from cluster.ports import Endpoint, PeerSeen
from tests.cluster.mailbox import Mailbox
from tests.cluster.multicast import multicast_works
from tests.waiting import wait_until


class Broken:
    """Stands for a zeroconf that cannot work on this machine."""

    def __init__(self, **_):
        raise OSError(19, "No such device")


def test_without_multicast_there_is_one_warning_and_nothing_is_raised(monkeypatch):
    monkeypatch.setattr(zeroconf_discovery, "Zeroconf", Broken)
    monkeypatch.setattr(zeroconf_discovery, "AGAIN_S", 0.01)
    discovery = ZeroconfDiscovery(cluster="acme", node="a", endpoint_port=7400)
    with capture_logs() as logs:
        discovery.start(Mailbox())
        wait_until(lambda: logs, 5, "the warning")
        discovery.stop()
    assert [log["event"] for log in logs] == ["discovery_unavailable"]
    assert "address" in logs[0]["hint"]


def test_start_does_not_wait_for_the_network(monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    class Slow:
        def __init__(self, **_):
            begun.set()
            go_on.wait(10)
            raise OSError("too late")

    monkeypatch.setattr(zeroconf_discovery, "Zeroconf", Slow)
    discovery = ZeroconfDiscovery(cluster="acme", node="a", endpoint_port=7400)
    discovery.start(Mailbox())  # returns although the constructor above still waits
    assert begun.wait(5)
    go_on.set()
    discovery.stop()


class Answers:
    """Stands for a zeroconf that resolves every service to one answer."""

    def __init__(self, info):
        self._info = info

    def get_service_info(self, *_, **__):
        if isinstance(self._info, Exception):
            raise self._info
        return self._info


def service(**changes):
    said = {"cluster": "acme", "node": "b", "protocol": "2"} | changes
    return ServiceInfo(
        SERVICE_TYPE,
        f"x.{SERVICE_TYPE}",
        port=7400,
        parsed_addresses=["192.0.2.2", "2001:db8::2"],
        properties={key: value for key, value in said.items() if value is not None},
    )


def look(answer):
    found = Mailbox()
    _Listener("acme", "a", found).add_service(Answers(answer), SERVICE_TYPE, f"x.{SERVICE_TYPE}")
    return found.messages


def test_every_address_of_the_peer_is_reported_and_the_last_is_ipv4():
    assert look(service()) == [
        PeerSeen("b", Endpoint("2001:db8::2", 7400)),
        PeerSeen("b", Endpoint("192.0.2.2", 7400)),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        service(cluster="other"),
        service(node="a"),
        service(node=None),
        service(node=""),
        service(node=b"\xff\xfe", cluster=b"\xff"),
        RuntimeError("broken record"),
    ],
)
def test_strangers_ourselves_and_broken_records_are_ignored(answer):
    assert look(answer) == []


@pytest.mark.skipif(not multicast_works(), reason="no multicast on the loopback interface here")
def test_the_announcement_tells_cluster_node_and_protocol():
    discovery = ZeroconfDiscovery(
        cluster="acme.example", node="rec-1", endpoint_port=7411, interfaces=["127.0.0.1"]
    )
    discovery.start(Mailbox())
    onlooker = Zeroconf(interfaces=["127.0.0.1"])
    try:
        name = f"acme-example rec-1.{SERVICE_TYPE}"
        info = onlooker.get_service_info(SERVICE_TYPE, name, timeout=10_000)
    finally:
        onlooker.close()
        discovery.stop()
    assert info is not None
    assert info.decoded_properties == {"cluster": "acme.example", "node": "rec-1", "protocol": "2"}
    assert (info.parsed_addresses(), info.port) == (["127.0.0.1"], 7411)


def test_a_peer_that_moved_is_reported_again():
    found = Mailbox()
    listener = _Listener("acme", "a", found)
    listener.update_service(Answers(service()), SERVICE_TYPE, f"x.{SERVICE_TYPE}")
    assert [seen.node for seen in found.messages] == ["b", "b"]


def test_a_peer_that_withdrew_is_no_news():
    found = Mailbox()
    _Listener("acme", "a", found).remove_service(Answers(None), SERVICE_TYPE, f"x.{SERVICE_TYPE}")
    assert found.messages == []


def announced(monkeypatch, *addresses, cluster="acme", node="a"):
    """What is announced on a host with these addresses."""
    monkeypatch.setattr(zeroconf_discovery, "get_all_addresses", lambda: list(addresses))
    return ZeroconfDiscovery(cluster=cluster, node=node, endpoint_port=7400)._info()


def test_every_own_address_but_loopback_is_announced(monkeypatch):
    info = announced(monkeypatch, "127.0.0.1", "10.0.0.5", "192.168.7.5")
    assert info.parsed_addresses() == ["10.0.0.5", "192.168.7.5"]


def test_a_host_without_a_network_announces_itself_to_itself(monkeypatch):
    assert announced(monkeypatch, "127.0.0.1").parsed_addresses() == ["127.0.0.1"]


@pytest.mark.parametrize("name", ["é" * 60, "a" * 200, "a.b.c", "x"])
def test_any_name_makes_a_label_that_dns_can_carry(name, monkeypatch):
    info = announced(monkeypatch, "10.0.0.5", cluster=name, node="alpha")
    label = info.name.removesuffix(f".{SERVICE_TYPE}")
    assert len(label.encode()) <= 63
    assert "." not in label
    assert info.decoded_properties["cluster"] == name
    assert info.decoded_properties["node"] == "alpha"
