"""A whole node in this process, for tests: real threads, sockets and files; no process is started."""

from contextlib import contextmanager
from pathlib import Path

import httpx

from recorder.config import load_config
from recorder.node import Node
from recorder.traps import no_trap
from sim.served.local_pair import NODES
from tests.waiting import wait_until

AUDIO = Path(__file__).parents[2] / "var" / "audio"
QUICK = {
    "pair": {"heartbeat_s": 0.1, "start_grace_s": 0.3},
    "ingest": {"downloads": 2},
    "poll": {"interval_s": 0.2, "settle_s": 0.0, "overlap_s": 10.0, "tiers": []},
}
SECRETS = {
    name: {"sources.dynamics": {"client_secret": f"value:secret-of-{name}"}} for name in NODES
}


class Running:
    """A node and what one asks it."""

    def __init__(self, node, token):
        self.node = node
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path, **more):
        url = f"http://{self.node.web_endpoint}{path}"
        return httpx.get(url, headers=self._headers, trust_env=False, timeout=5.0, **more)

    def own(self):
        view = self.get("/api/v1/cluster").json()
        return next(row for row in view["nodes"] if row["node"] == view["seen_by"])

    def wait_for_role(self, role):
        wait_until(lambda: self.own().get("role") == role, 10.0, role, every_s=0.02)

    def wait_for_archived(self, count):
        def archived():
            return len(self.get("/api/v1/items", params={"state": "archived"}).json()["items"])

        wait_until(lambda: archived() >= count, 10.0, f"{count} are archived", every_s=0.05)

    def stop(self):
        """As the process does it."""
        self.node.begin_stop()
        wait_until(self.node.may_stop, 10.0, "it may stop")
        self.node.stop()


@contextmanager
def running(pair, name, crashes):
    """A node that runs while the context lasts."""
    config = load_config(pair.nodes[name].config)
    node = Node(config, on_crash=lambda *fallen: crashes.append(fallen), trap=no_trap)
    node.start()
    try:
        yield Running(node, pair.token)
    finally:
        node.stop()


def place(admin, count):
    recording = {"row_delay_s": 0.0, "file_delay_s": 0.0}
    placed = admin.place_calls(*[{"ends_in_s": -1.0, "recordings": [recording]}] * count)
    return [key for call in placed for key in call["recordings"]]
