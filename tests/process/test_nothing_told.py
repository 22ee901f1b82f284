"""No token, no secret and no signed address is told to anybody: logs, answers, metrics, databases."""

import re
from contextlib import suppress

import httpx
import pytest

from tests.process.looking import requests, wait_for_row
from tests.process.world import World

pytestmark = pytest.mark.process

TROUBLES = ("cut", "html", "empty", "redirect", "link_expired", "truncate", "drop", "server_error")
PAGES = (
    "/health",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    "/api/v1/cluster",
    "/api/v1/history",
    "/api/v1/sources",
    "/api/v1/items",
    "/api/v1/contacts",
    "/api/v1/no-such-page",
    "/api/v1/why?key=nothing",
)
SIGNATURE = re.compile(rb"sig(=|%3D)", re.IGNORECASE)
ACCESS_TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.")
"""Those of the fake look like real ones: they begin with the base64 of a JSON object."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(
        tmp_path_factory.mktemp("told"),
        tables={
            "log": {"level": "debug"},
            "ingest": {"stall_s": 0.5},
            "retry": {"base_s": 0.2, "cap_s": 0.5, "park_after_tries": 3},
        },
    )
    try:
        world.start()
        yield world
    finally:
        world.close()


@pytest.fixture(scope="module")
def troubled(world):
    """Everything that makes somebody speak of an address or of a credential."""
    keys = world.place(*[{} for _ in TROUBLES], {}, {})
    *spoiled, stalled, poison = keys
    for kind, key in zip(TROUBLES, spoiled, strict=True):
        world.admin.add_fault(kind, item=key, requests=("blob", "value"), count=3)
    world.admin.add_fault("stall", item=stalled, requests=("blob",), count=1)
    world.admin.add_fault("html", item=poison, requests=("blob", "value"))
    wait_for_row(world, poison, parked=True)
    for node in world.nodes:
        client = f"recorder-{node.name}"
        world.admin.add_fault("secret_wrong", client=client, count=1)
        world.admin.add_fault("token_revoked", client=client)
    world.place({}, {})
    world.admin.clear_faults()
    for node in world.nodes:
        node.post("/api/v1/items/retry", {"source": "dynamics", "items": [poison]})
    wait_for_row(world, poison, state="archived")
    world.settle()
    return poison


def pages(world):
    """Everything the nodes answer, with the token, without it, and with a wrong one."""
    for node in world.nodes:
        for token in (world.pair.token, "wrong-" + world.pair.token[:4], ""):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            for page in PAGES:
                with suppress(httpx.HTTPError):
                    answer = httpx.get(node.url + page, headers=headers, timeout=5.0)
                    yield f"{node.name}{page}", answer.content


def files(world):
    """Everything the pair wrote, but for what was written for it."""
    given = {world.pair.token_file, *(node.config for node in world.nodes)}
    for path in sorted(world.directory.rglob("*")):
        if path.is_file() and path not in given and path.suffix != ".mp3":
            yield str(path.relative_to(world.directory)), path.read_bytes()


def secrets(world):
    return [world.pair.token, *(f"secret-of-{node.name}" for node in world.nodes)]


def telling(world, texts):
    """Where something is told that must not be, and what."""
    found = []
    for where, text in texts:
        found += [(where, secret) for secret in secrets(world) if secret.encode() in text]
        found += [(where, "a signature") for _ in SIGNATURE.finditer(text)]
        found += [(where, "an access token") for _ in ACCESS_TOKEN.finditer(text)]
    return found


def test_the_troubles_were_met_and_every_promise_was_kept(world, troubled):
    assert troubled
    assert requests(world, kind="blob", status=403) >= 1
    assert requests(world, kind="blob", status=307) >= 1
    assert (world.directory / "center" / "contacts.db").stat().st_size > 0
    world.settle_and_check()


def test_no_answer_of_a_node_tells_a_secret_or_a_signed_address(world, troubled):
    told = list(pages(world))
    assert len(told) == len(PAGES) * 3 * 2
    assert any(troubled.encode() in text for _, text in told)
    assert telling(world, told) == []


def test_no_file_of_the_pair_tells_a_secret_or_a_signed_address(world, troubled):
    written = dict(files(world))
    assert {"alpha.log", "beta.log", "center/contacts.db"} <= set(written)
    assert any(troubled.encode() in text for text in written.values())
    assert telling(world, written.items()) == []
