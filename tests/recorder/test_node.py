"""A whole node in this process: real threads, sockets, files and a fake service; no process is started."""

import gc
import socket
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from recorder.config import load_config
from recorder.errors import ConfigError
from recorder.node import Node
from recorder.traps import no_trap
from sim.served.local_pair import LocalPair, PairPlan
from sim.served.sources import client_apps, dynamics_plan
from sim.ucaas.admin_client import SimAdmin
from sim.ucaas.dynamics.serving import serve_dynamics
from tests.recorder.running_node import AUDIO, QUICK, SECRETS, Running, place, running
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def service():
    served = serve_dynamics(clients=client_apps(), audio=AUDIO)
    yield served
    served.stop()


@pytest.fixture
def admin(service):
    made = SimAdmin(service.urls.base)
    yield made
    made.close()


@pytest.fixture
def pair(service, tmp_path):
    plan = PairPlan(
        tmp_path / "pair", (dynamics_plan(service.urls),), tables=QUICK, of_node=SECRETS
    )
    made = LocalPair(plan)
    for node in made.nodes.values():
        node.close()
    return made


@pytest.fixture
def crashes():
    """What crashed; nothing may."""
    fallen = []
    yield fallen
    assert fallen == []


def threads():
    return {thread.name for thread in threading.enumerate() if thread.is_alive()}


def open_files(folder):
    """The files below `folder` that this process holds open; the proc file system knows."""
    held = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            held.append(str(link.readlink()))
    return [path for path in held if path.startswith(str(folder))]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc to look at")
def test_a_stopped_node_holds_no_file_of_its_own_open(pair, admin, crashes, tmp_path):
    keys = place(admin, 1)
    with running(pair, "alpha", crashes) as alpha:
        alpha.wait_for_role("primary")
        alpha.wait_for_archived(len(keys))
        assert open_files(tmp_path)
    journals = [path for path in open_files(tmp_path) if path.endswith("journal")]
    assert journals == []


def test_a_lone_node_becomes_primary_and_archives_what_is_offered(pair, admin, crashes):
    keys = place(admin, 3)
    with running(pair, "alpha", crashes) as alpha:
        alpha.wait_for_role("primary")
        alpha.wait_for_archived(len(keys))
        (story,) = alpha.get("/api/v1/why", params={"key": keys[0]}).json()
        assert story["item"]["state"] == "archived"
        assert {"found", "archived"} <= {event["what"] for event in story["story"]}
        assert alpha.get("/health").json()["live"]["ok"]


def test_a_stopped_node_leaves_neither_thread_nor_port_behind(pair, crashes):
    before = threads()
    with running(pair, "alpha", crashes) as alpha:
        alpha.wait_for_role("primary")
        web, peer = alpha.node.web_endpoint, alpha.node.peer_endpoint
        assert threads() > before
    wait_until(lambda: threads() <= before, 5.0, "every thread has ended")
    for endpoint in (web, peer):
        with socket.create_server((endpoint.host, endpoint.port)):
            pass


def test_a_node_starts_again_in_the_same_folder_and_archives_nothing_twice(pair, admin, crashes):
    keys = place(admin, 2)
    terms = []
    for _ in range(2):
        with running(pair, "alpha", crashes) as alpha:
            alpha.wait_for_role("primary")
            alpha.wait_for_archived(len(keys))
            terms.append(alpha.own()["term"])
            contacts = alpha.get("/api/v1/contacts", params={"limit": 1000}).json()["contacts"]
    assert terms[1] > terms[0]
    sessions = [row["session"] for row in contacts]
    assert len(sessions) == len(set(sessions))


def test_a_lone_primary_may_stop_soon_for_nobody_can_take_the_role(pair, crashes):
    config = load_config(pair.nodes["alpha"].config)
    node = Node(config, on_crash=lambda *fallen: crashes.append(fallen), trap=no_trap)
    node.start()
    alpha = Running(node, pair.token)
    alpha.wait_for_role("primary")
    assert not node.may_stop()
    alpha.stop()


def test_a_primary_that_is_told_to_stop_hands_over_to_its_peer(pair, admin, crashes):
    with ExitStack() as stack:
        alpha = stack.enter_context(running(pair, "alpha", crashes))
        alpha.wait_for_role("primary")
        beta = stack.enter_context(running(pair, "beta", crashes))
        beta.wait_for_role("secondary")
        wait_until(
            lambda: beta.get("/api/v1/cluster").json()["peer_link"] == "alive", 10.0, "linked"
        )
        term = alpha.own()["term"]
        alpha.node.begin_stop()
        wait_until(alpha.node.may_stop, 10.0, "the role is handed over")
        beta.wait_for_role("primary")
        assert beta.own()["term"] > term
        keys = place(admin, 1)
        wait_until(
            lambda: beta.get("/api/v1/why", params={"key": keys[0]}).status_code == 200,
            10.0,
            "the other node goes on",
            every_s=0.05,
        )


def test_a_source_that_cannot_be_opened_stops_neither_the_node_nor_the_others(pair, admin, crashes):
    config = pair.nodes["alpha"].config
    text = config.read_text(encoding="utf-8")
    config.write_text(f'{text}\n[sources.crm]\nkind = "no-such-kind"\n', encoding="utf-8")
    keys = place(admin, 1)
    with running(pair, "alpha", crashes) as alpha:
        alpha.wait_for_role("primary")
        alpha.wait_for_archived(len(keys))
        states = {
            row["source"]: row["state"] for row in alpha.get("/api/v1/sources").json()["sources"]
        }
        findings = {row["subject"] for row in alpha.get("/health").json()["findings"]}
    assert states["dynamics"] == "polling"
    assert states["crm"].startswith("stopped")
    assert "crm" in findings


def test_a_node_whose_data_center_is_away_starts_and_says_so(pair, crashes):
    config = pair.nodes["alpha"].config
    text = config.read_text(encoding="utf-8")
    away = 'database = "postgresql+psycopg://nobody@127.0.0.1:1/contacts?connect_timeout=1"'
    config.write_text(
        text.replace('database = "sqlite:///center/contacts.db"', away), encoding="utf-8"
    )
    with running(pair, "alpha", crashes) as alpha:
        wait_until(
            lambda: any(
                "Data Center" in reason
                for reason in alpha.get("/health").json()["ready"]["reasons"]
            ),
            10.0,
            "it says so",
        )
        assert alpha.get("/health/live").status_code == 200
        assert alpha.get("/api/v1/items").status_code == 503


# A start that fails ends the process: what was open is left to the system.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("table", "key"), [("web", "web.listen"), ("peer", "peer.listen")])
def test_a_port_that_is_taken_ends_the_start_before_any_thread(table, key, pair):
    config = load_config(pair.nodes["alpha"].config)
    listen = getattr(config, table).listen
    before = threads()
    with socket.create_server((listen.host, listen.port)), pytest.raises(ConfigError, match=key):
        Node(config, on_crash=print, trap=no_trap)
    assert threads() <= before
    gc.collect()


def test_the_address_a_node_tells_its_peer_is_the_public_one(pair, crashes):
    config = pair.nodes["alpha"].config
    text = config.read_text(encoding="utf-8")
    public = text.replace("[web]\n", '[web]\npublic_url = "https://alpha.example:8440"\n')
    config.write_text(public, encoding="utf-8")
    with running(pair, "alpha", crashes) as alpha:
        assert alpha.node.control.web_url == "https://alpha.example:8440"
        assert alpha.own()["url"] == "https://alpha.example:8440"
