"""Several sources on one node, and on a pair: what is wrong with one delays no other."""

from contextlib import ExitStack

import httpx
import pytest

from recorder.webhooks import WebhookAnswer
from sim.served.local_pair import NODES, LocalPair, PairPlan
from sim.served.sources import client_apps, dynamics_plan
from sim.ucaas.admin_client import SimAdmin
from sim.ucaas.dynamics.serving import serve_dynamics
from tests.recorder.running_node import AUDIO, QUICK, SECRETS, place, running
from tests.waiting import wait_until

ADAPTER = "MicrosoftDynamicsOmnichannelAdapter"
SOON_S = 8.0
"""Far less than a download may stall, and than a listing may hang."""


@pytest.fixture
def services():
    """The service `sick` and the service `well`, each with its admin."""
    with ExitStack() as stack:
        made = {}
        for name in ("sick", "well"):
            served = serve_dynamics(clients=client_apps(), audio=AUDIO, source=name)
            stack.callback(served.stop)
            admin = SimAdmin(served.urls.base)
            stack.callback(admin.close)
            made[name] = served, admin
        yield made
        for _, admin in made.values():
            admin.clear_faults()


@pytest.fixture
def pair(services, tmp_path):
    sick, well = (services[name][0].urls for name in ("sick", "well"))
    second = {
        node: {
            **SECRETS[node],
            "sources.well": {
                "kind": "dynamics",
                "org_url": well.org,
                "authority": well.authority,
                "tenant": well.tenant,
                "client_id": f"recorder-{node}",
                "client_secret": f"value:secret-of-{node}",
                "media_hosts": ["127.0.0.1"],
                "requests_per_5min": 6000,
            },
        }
        for node in NODES
    }
    made = LocalPair(
        PairPlan(tmp_path / "pair", (dynamics_plan(sick),), tables=QUICK, of_node=second)
    )
    for node in made.nodes.values():
        node.close()
    return made


@pytest.fixture
def seldom(pair):
    """The pair, polling once an hour."""
    for node in pair.nodes.values():
        text = node.config.read_text(encoding="utf-8")
        assert "interval_s = 0.2" in text
        node.config.write_text(text.replace("interval_s = 0.2", "interval_s = 3600.0"), "utf-8")
    return pair


@pytest.fixture
def crashes():
    fallen = []
    yield fallen
    assert fallen == []


def archived(node, source):
    found = node.get("/api/v1/items", params={"state": "archived", "source": source, "limit": 100})
    return len(found.json()["items"])


def waits_for(node, source):
    (status,) = (s for s in node.get("/api/v1/sources").json()["sources"] if s["source"] == source)
    return status["pending"]


def polls(node, source):
    (status,) = (s for s in node.get("/api/v1/sources").json()["sources"] if s["source"] == source)
    return status["polls"]


def test_downloads_that_stall_on_both_nodes_delay_no_other_source(pair, services, crashes):
    _, sick = services["sick"]
    _, well = services["well"]
    sick.add_fault("stall", seconds=60)
    stalled = place(sick, 60)
    with ExitStack() as stack:
        alpha = stack.enter_context(running(pair, "alpha", crashes))
        alpha.wait_for_role("primary")
        beta = stack.enter_context(running(pair, "beta", crashes))
        beta.wait_for_role("secondary")
        wait_until(lambda: waits_for(alpha, "dynamics") == len(stalled), SOON_S, "they are found")
        for count in (6, 12):
            place(well, 6)
            wait_until(
                lambda count=count: archived(alpha, "well") == count, SOON_S, "the others arrive"
            )
        assert archived(alpha, "dynamics") == 0
        sick.clear_faults()


def test_listings_that_hang_delay_no_other_source(pair, services, crashes):
    _, sick = services["sick"]
    _, well = services["well"]
    sick.add_fault("slow", requests=("list", "whoami", "token"), delay_s=60)
    with running(pair, "alpha", crashes) as alpha:
        alpha.wait_for_role("primary")
        for count in (3, 6):
            place(well, 3)
            wait_until(
                lambda count=count: archived(alpha, "well") == count, SOON_S, "the others arrive"
            )
        sick.clear_faults()


def test_a_webhook_at_the_standby_makes_the_primary_poll(seldom, services, crashes):
    _, admin = services["sick"]
    with ExitStack() as stack:
        alpha = stack.enter_context(running(seldom, "alpha", crashes))
        alpha.wait_for_role("primary")
        beta = stack.enter_context(running(seldom, "beta", crashes))
        beta.wait_for_role("secondary")
        opened = beta.node.control.sources["dynamics"]
        opened.source.hear = lambda _request: WebhookAnswer(204, poll_now=True)
        wait_until(lambda: polls(alpha, "dynamics") > 0, SOON_S, "the first poll")
        before = polls(alpha, "dynamics")
        place(admin, 1)
        url = f"http://{beta.node.web_endpoint}/api/recording/cti/v1/{ADAPTER}/dynamics"
        assert httpx.post(url, trust_env=False).status_code == 204
        wait_until(lambda: polls(alpha, "dynamics") > before, SOON_S, "it polls")
        wait_until(lambda: archived(alpha, "dynamics") == 1, SOON_S, "what was hinted at is there")
