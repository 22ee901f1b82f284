"""A desktop and a real node with TLS: a wrong authority is told with the next step, the right one is all it takes."""

import asyncio

import pytest
import trustme

from recorder.desktop.dialing import Dial, LinkFailed, trusting
from recorder.desktop.node_question import ask_node
from recorder.desktop.settings import ROUTE
from sim.desk.recorded_pair import SOURCE, TOKEN, RecordedPair
from tests.recorder.desktop.desktop import Desktop
from tests.recorder.desktop.screens import EveryFrameAnother
from tests.waiting import wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def node(tmp_path_factory, authority):
    """A node whose web server has a certificate for 127.0.0.1."""
    tmp_path = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "node.pem", tmp_path / "node.key"
    chain.write_bytes(b"".join(one.bytes() for one in certificate.cert_chain_pems))
    key.write_bytes(certificate.private_key_pem.bytes())
    key.chmod(0o600)
    web = {"tls_certificate": str(chain), "tls_key": str(key)}
    with RecordedPair(tmp_path / "pair", agents=["anna"], tables={"web": web}) as pair:
        pair["alpha"].start()
        yield pair["alpha"]


@pytest.fixture
def make_desktop(tmp_path, node):
    made = []

    def make(ca_file, address="127.0.0.1"):
        url = f"wss://{address}:{node.url.rpartition(':')[2]}"
        made.append(
            Desktop(
                tmp_path / f"spool-{len(made)}", [url], EveryFrameAnother(160, 96), token=TOKEN,
                agents={SOURCE: "anna"}, connect_s=10.0, ca_file=str(ca_file),
            )
        )  # fmt: skip
        return made[-1]

    yield make
    for one in made:
        one.close()


def written(authority, path):
    authority.cert_pem.write_to_path(str(path))
    return path


def test_a_node_of_a_strange_authority_is_refused_with_the_next_step_and_hears_nothing(
    tmp_path, node, authority, make_desktop, capsys
):
    stranger = make_desktop(written(trustme.CA(), tmp_path / "wrong.pem"))
    wait_until(lambda: "not trusted" in stranger.board._trouble, 60, "it says what is wrong")
    wait_until(lambda: "nodes.ca_file" in capsys.readouterr().out, 60, "and what to do")
    assert "desktop_came" not in node.tail(1000)
    friend = make_desktop(written(authority, tmp_path / "right.pem"))
    wait_until(
        lambda: friend.board._node.startswith("alpha"), 60, "the right authority is all it takes"
    )
    wait_until(lambda: len(friend.kept) >= 3, 60, "it records over TLS")
    assert not stranger.board._node


def test_a_name_that_is_not_in_the_certificate_is_refused(tmp_path, authority, make_desktop):
    desktop = make_desktop(written(authority, tmp_path / "right.pem"), "localhost")
    wait_until(lambda: "not trusted" in desktop.board._trouble, 60, "it says what is wrong")


def test_the_check_asks_the_node_over_tls_and_registers_nowhere(tmp_path, node, authority):
    url = f"wss://127.0.0.1:{node.url.rpartition(':')[2]}{ROUTE}"

    def asked(ca_file):
        return asyncio.run(ask_node(Dial(url, TOKEN, trusting(url, ca_file), 30.0)))

    came = node.tail(10_000).count("desktop_came")
    answer = asked(written(authority, tmp_path / "right.pem"))
    assert (answer.node, bool(answer.build)) == ("alpha", True)
    with pytest.raises(LinkFailed, match="not trusted"):
        asked(written(trustme.CA(), tmp_path / "wrong.pem"))
    assert node.tail(10_000).count("desktop_came") == came
