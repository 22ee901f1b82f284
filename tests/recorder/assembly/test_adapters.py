import socket

import pytest

from recorder.assembly.adapters import node_discovery, node_transport
from recorder.config import Config
from recorder.errors import ConfigError


def config(tmp_path, **peer):
    return Config(
        node={"id": "a", "data": tmp_path},
        data_center={"database": "sqlite:///x.db", "archive": "archive"},
        peer=peer,
    )


def discovery(tmp_path, **peer):
    return node_discovery(config(tmp_path, **peer))


@pytest.mark.parametrize(
    ("listen", "interfaces"),
    [
        ("127.0.0.1:7440", ["127.0.0.1"]),
        ("192.0.2.7:7440", ["192.0.2.7"]),
        ("0.0.0.0:7440", None),
        ("[::]:7440", None),
        ("recorder-a.example:7440", None),
    ],
)
def test_a_node_is_announced_where_it_listens(tmp_path, listen, interfaces):
    assert discovery(tmp_path, listen=listen)._interfaces == interfaces


@pytest.mark.parametrize("peer", [{"discovery": False}, {"address": "192.0.2.8:7440"}])
def test_nothing_is_announced_when_switched_off_or_when_the_address_is_known(tmp_path, peer):
    assert discovery(tmp_path, **peer) is None


def test_a_peer_port_that_is_taken_is_named_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ConfigError, match="Address already in use") as raised:
            node_transport(config(tmp_path, listen=listen), print)
    assert str(raised.value) == f"peer.listen: cannot listen on {listen}: Address already in use"
    node_transport(config(tmp_path, listen=listen), print).stop()
