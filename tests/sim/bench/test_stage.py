"""The stage of the benchmarks without started nodes: polls, figures and the verdict."""

import httpx
import pytest

from recorder.records.contacts import HistoryRow
from sim.bench import stage as module
from sim.bench.stage import CLIENTS, Stage
from sim.served.sources import client_apps
from tests.calls import a_ref, an_item, names_of
from tests.databases import migrated

API = "api/data/v9.2/msdyn_ocrecordings?$filter=modifiedon ge 2026-01-01T00:00:00Z"


@pytest.fixture
def stage(tmp_path):
    with Stage(tmp_path / "run", tables={"poll": {"interval_s": 0.25}}) as made:
        yield made


@pytest.fixture
def data_center(stage):
    (stage.directory / "center").mkdir()
    migrated(f"sqlite:///{stage.directory}/center/contacts.db")
    return stage.db


class Client:
    """Polls the service as the node with this client id would."""

    def __init__(self, stage, name):
        app = next(app for app in client_apps() if app.client_id == f"recorder-{name}")
        self._http = httpx.Client(base_url=stage.served.urls.base, trust_env=False)
        form = {
            "grant_type": "client_credentials",
            "client_id": app.client_id,
            "client_secret": app.secret,
            "scope": f"{stage.served.urls.org}/.default",
        }
        tenant = stage.served.urls.tenant
        answer = self._http.post(f"/{tenant}/oauth2/v2.0/token", data=form)
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def poll(self, page_size=100):
        prefer = {"Prefer": f"odata.maxpagesize={page_size}"}
        answer = self._http.get(API, headers=prefer).json()
        while link := answer.get("@odata.nextLink"):
            answer = self._http.get(link, headers=prefer).json()

    def close(self):
        self._http.close()


@pytest.fixture
def alpha(stage):
    client = Client(stage, "alpha")
    yield client
    client.close()


@pytest.fixture
def beta(stage):
    client = Client(stage, "beta")
    yield client
    client.close()


def placed(stage, count):
    recording = {"row_delay_s": 0.0, "file_delay_s": 0.0}
    stage.admin.place_calls(*[{"ends_in_s": -1.0, "recordings": [recording]}] * count)


def test_settings_of_a_benchmark_reach_both_nodes(stage):
    for node in stage.pair.nodes.values():
        assert "interval_s = 0.25" in node.config.read_text(encoding="utf-8")


def test_a_poll_of_many_pages_counts_once(stage, alpha):
    placed(stage, 5)
    alpha.poll(page_size=2)
    alpha.poll()
    assert len(stage.admin.polls()) == 4
    assert [poll.number for poll in stage.polls()] == [1, 4]
    assert [poll.number for poll in stage.polls(after=1)] == [4]


def test_the_next_poll_is_the_first_of_that_node_since_then(stage, alpha, beta):
    nodes = stage.pair.nodes
    alpha.poll()
    beta.poll()
    since_ns = stage.disrupt("death", nodes["alpha"])
    alpha.poll()
    beta.poll()
    beta.poll()
    polls = stage.polls()
    assert [CLIENTS[poll.client] for poll in polls] == ["alpha", "beta", "alpha", "beta", "beta"]
    found = stage.next_poll_ns(nodes["beta"], since_ns, 0, 1.0)
    assert found == polls[3].monotonic_ns > since_ns
    assert stage.next_poll_ns(nodes["beta"], since_ns, 4, 1.0) == polls[4].monotonic_ns


def test_a_node_that_does_not_poll_is_told_with_the_end_of_its_log(stage):
    node = stage.pair.nodes["beta"]
    node.log.write_text("last words", encoding="utf-8")
    with pytest.raises(TimeoutError, match="beta polls\nlast words"):
        stage.next_poll_ns(node, 0, 0, 0.05)


def test_a_disruption_is_noted_with_its_instant(stage):
    at_ns = stage.disrupt("silence", stage.pair.nodes["alpha"])
    (noted,) = stage.disruptions
    assert (noted.kind, noted.node, noted.at_ns) == ("silence", "alpha", at_ns)


def test_without_a_data_center_nothing_is_archived_yet(stage):
    assert stage.archived() == 0


def test_only_what_is_archived_counts(stage, data_center):
    items = [an_item("rec-1"), an_item("rec-2")]
    data_center.commit(items, names_of(*items))
    data_center.record_found([a_ref("rec-3")], [])
    assert stage.archived() == 2


def test_the_history_is_oldest_first(stage, data_center):
    for term in (1, 2, 3):
        data_center.record_role_change(HistoryRow(term, "alpha", "candidate", "primary", term, ""))
    assert [row.term for row in stage.history()] == [1, 2, 3]


@pytest.mark.usefixtures("data_center")
def test_a_run_without_calls_is_good(stage, monkeypatch):
    monkeypatch.setattr(module, "_LAST_OFFER_S", 0.0)
    verdict = stage.settle(timeout_s=1.0)
    assert verdict.good, verdict.as_text()
    assert (verdict.offered, verdict.archived) == (0, 0)


@pytest.mark.usefixtures("data_center")
def test_a_run_that_loses_something_is_not_settled_and_not_good(stage, monkeypatch):
    monkeypatch.setattr(module, "_LAST_OFFER_S", 0.0)
    placed(stage, 1)
    with pytest.raises(TimeoutError, match="everything offered is archived"):
        stage.settle(timeout_s=0.05)
    verdict = stage.verdict()
    assert not verdict.good
    assert verdict.lost == 1


def test_everything_ends_with_the_stage(tmp_path):
    with Stage(tmp_path / "run") as made:
        base = made.served.urls.base
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base}/_sim/clock", trust_env=False)
