"""Fakes on real ports, as a pair is told of them."""

from functools import partial
from pathlib import Path

import httpx
import pytest

from cluster.adapters.real_clock import RealClock
from recorder.adapters.registry import PluginRegistry
from recorder.plugins import SourceDeps
from recorder.webhooks import WebhookRequest, kind_of
from sim.served.source_plan import NODES, nodes_by_client
from sim.served.sources import KINDS, ServedSources
from sim.stand_ins.memory_secrets import MemorySecrets
from sim.ucaas.http import Response
from sim.ucaas.server import FakeServer
from tests.waiting import wait_until

AUDIO = Path(__file__).parents[2] / "var" / "audio"


@pytest.fixture(params=KINDS)
def served(request):
    with ServedSources((request.param,), AUDIO) as made:
        yield made.all[0]


def test_every_fake_has_an_admin_api_and_nothing_to_tell_yet(served):
    assert httpx.get(f"{served.base}/_sim/clock", trust_env=False).is_success
    assert served.admin.truth() == ()
    assert served.admin.polls() == ()


def test_the_table_of_each_node_is_one_that_the_adapter_accepts(served):
    settings = PluginRegistry().load()[served.kind].settings
    ids = set()
    for node in NODES:
        table = served.plan.table(node)
        assert table.pop("kind") == served.kind
        ids.add(settings.model_validate(table).client_id)
    assert len(ids) == len(NODES)
    assert ids <= set(nodes_by_client((served.kind,)))


def test_no_secret_is_in_a_table_and_each_node_has_its_own(served):
    secrets = [served.plan.environment(node) for node in NODES]
    assert secrets[0].keys() == secrets[1].keys()
    assert not set(secrets[0].values()) & set(secrets[1].values())
    for node, environment in zip(NODES, secrets, strict=True):
        text = str(served.plan.table(node))
        assert not [secret for secret in environment.values() if secret in text]


def test_a_fault_makes_downloads_slow_by_the_names_it_gives_them(served):
    served.admin.add_fault("slow", requests=served.downloads, delay_s=0.1)
    assert len(served.admin.faults()) == 1


def test_calls_are_drawn_as_in_the_demo(served):
    assert len(served.admin.place_mix(2, **served.demo_mix)) == 2


@pytest.mark.parametrize("kind", ["zoom", "webex"])
def test_a_service_sends_its_signed_messages_to_each_node_that_hears(kind):
    heard = []

    def handle(request):
        heard.append(request)
        return Response(204)

    server = FakeServer(handle=handle)
    server.start()
    hear = {node: f"{server.urls[0]}/{node}" for node in NODES}
    with ServedSources((kind,), AUDIO, hear=hear) as served:
        one = served[kind]
        one.admin.place_mix(2, **one.demo_mix)
        for node in NODES:
            own = f"/{node}/api/recording/cti/v1/"
            hints = partial(hints_to, one, node, own, heard)
            wait_until(hints, 60.0, f"{node} hears of a recording")
            post = hints()[0]
            assert kind_of(post.path.removeprefix(own)) == kind
            message = WebhookRequest(post.headers, post.body)
            other = next(name for name in NODES if name != node)
            assert judged(one, other, message).status == 401
    server.stop()


def hints_to(served, node, own, heard):
    """Messages to a node that make it poll early; others may tell of agents."""
    posts = [post for post in tuple(heard) if post.path.startswith(own)]
    return [
        post
        for post in posts
        if judged(served, node, WebhookRequest(post.headers, post.body)).poll_now
    ]


def judged(served, node, message):
    """What the adapter of a node makes of a message."""
    plugin = PluginRegistry().load()[served.kind]
    table = served.plan.table(node)
    del table["kind"]
    clock = RealClock()
    deps = SourceDeps(
        served.kind,
        lambda: httpx.MockTransport(lambda _request: httpx.Response(500)),
        clock,
        MemorySecrets(served.plan.environment(node)),
        "test",
    )
    source = plugin.open(plugin.settings.model_validate(table), deps)
    try:
        return source.hear(message)
    finally:
        source.close()
        clock.stop()


def test_all_end_together_and_a_second_time_changes_nothing():
    served = ServedSources(KINDS, AUDIO)
    bases = [one.base for one in served.all]
    assert served.kinds == KINDS
    assert served.truth() == served.polls() == ()
    served.stop()
    served.stop()
    for base in bases:
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{base}/_sim/clock", trust_env=False)


def test_a_kind_that_nobody_fakes_leaves_nothing_running():
    with pytest.raises(KeyError):
        ServedSources((KINDS[0], "telegraph"), AUDIO)
