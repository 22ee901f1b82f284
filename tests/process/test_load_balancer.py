"""HAProxy with the sample's own settings in front of two real nodes: one address, whoever of them lives."""

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from sim.desk.recorded_pair import RecordedPair
from sim.served.local_pair import free_ports
from sim.served.sources import HEARS_AT, client_apps, dynamics_plan
from sim.ucaas.admin_client import SimAdmin
from sim.ucaas.dynamics.hooks import Endpoint
from sim.ucaas.dynamics.people import agent_id
from sim.ucaas.dynamics.serving import serve_dynamics
from tests.process.world import AUDIO
from tests.waiting import wait_until

HAPROXY = shutil.which("haproxy")
SAMPLE = Path(__file__).parents[2] / "docs/samples/haproxy.cfg"
SECRET = "hook"
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed (Debian: haproxy)"),
]


class Balancer:
    """The program, with the sample's file in which addresses alone are others."""

    def __init__(self, folder, url, pair):
        self.url, self.pair = url, pair
        ports = {name: node.url.rpartition(":")[2] for name, node in pair.nodes.items()}
        text = SAMPLE.read_text("utf-8")
        for ours, theirs in (
            ("bind :8440", f"bind {self.url.removeprefix('http://')}"),
            ("10.0.0.5:8441", f"127.0.0.1:{ports['alpha']}"),
            ("10.0.0.6:8442", f"127.0.0.1:{ports['beta']}"),
        ):
            assert ours in text
            text = text.replace(ours, theirs)
        config = folder / "haproxy.cfg"
        config.write_text(text, "utf-8")
        self._log = (folder / "haproxy.log").open("wb")
        self._process = subprocess.Popen(
            [HAPROXY, "-db", "-f", config], stdout=self._log, stderr=self._log
        )

    def get(self, path):
        headers = {"Authorization": f"Bearer {self.pair.token}"}
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=10)

    def leads_to(self):
        """Whom it takes for the primary; None while for nobody."""
        try:
            answer = self.get("/api/v1/agents")
        except httpx.HTTPError:
            return None
        return answer.json()["node"] if answer.status_code == 200 else None

    def end(self):
        self._process.kill()
        self._process.wait()
        self._log.close()


@pytest.fixture
def stack():
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def url():
    """The one address, which the service knows before anybody listens there."""
    return f"http://127.0.0.1:{free_ports(1)[0]}"


@pytest.fixture
def service(stack, url):
    """A service that tells of its agents at the one address."""
    hook = f"{url}{HEARS_AT}/MicrosoftDynamicsOmnichannelAdapter?code={SECRET}"
    served = serve_dynamics(
        clients=client_apps(), audio=AUDIO, endpoint=Endpoint((hook,)), live_calls=True
    )
    stack.callback(served.stop)
    return served


@pytest.fixture
def admin(stack, service):
    made = SimAdmin(service.urls.base)
    stack.callback(made.close)
    return made


@pytest.fixture
def pair(tmp_path, stack, service):
    plan = dynamics_plan(service.urls, webhook_secret=f"value:{SECRET}")
    # Nobody asks: what the nodes know of agents, messages told.
    tables = {"screens": {"enabled": True, "states_every_s": 86_400.0}}
    made = RecordedPair(tmp_path / "pair", sources=[plan], tables=tables)
    stack.enter_context(made).pair.start()
    return made.pair


@pytest.fixture
def balancer(tmp_path, stack, url, pair):
    made = Balancer(tmp_path, url, pair)
    stack.callback(made.end)
    return made


def answered(admin, agent):
    """A call that an agent of its own answers; the agent."""
    leg = {"agent": agent, "seconds": 60.0}
    body = {"ends_in_s": 60.0, "legs": [leg], "recordings": [{"audio": 0}]}
    admin.place_calls(body)
    return f"dynamics/{agent_id(1, agent)}"


def knows(node, agent):
    """Whether a node was told that this agent answered."""
    agents = node.get("/api/v1/agents")["agents"]
    legs = [leg for one in agents if one["agent"] == agent for leg in one["legs"]]
    return any(leg["verdict"] == "kept" for leg in legs)


def test_one_address_leads_to_whoever_lives_and_to_the_primary(admin, balancer, pair):
    first = pair.wait_for_pair()
    wait_until(lambda: balancer.leads_to() == first, 60, "it finds the primary")
    before = answered(admin, 0)
    for node in pair.nodes.values():
        wait_until(lambda node=node: knows(node, before), 60, "both nodes know of the call")
    pair.nodes[first].kill()
    left = pair.other(first)
    after = answered(admin, 1)
    wait_until(lambda: knows(left, after), 60, "the other node was told of the next call")
    wait_until(lambda: balancer.leads_to() == left.name, 60, "it finds the new primary")
    last = answered(admin, 2)
    wait_until(lambda: knows(left, last), 60, "and messages go on")
    assert balancer.get("/primary").status_code == 200
