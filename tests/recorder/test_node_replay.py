"""A whole node makes a contact replayable when it is asked: fake service, archive, program, API and pages' files."""

import io
from concurrent.futures import ThreadPoolExecutor

import av
import pytest

from recorder.stitch.timeline import Peaks, Timeline
from sim.served.local_pair import LocalPair, PairPlan
from sim.served.sources import client_apps, dynamics_plan
from sim.ucaas.admin_client import SimAdmin
from sim.ucaas.dynamics.serving import serve_dynamics
from tests.recorder.running_node import AUDIO, QUICK, SECRETS, place, running
from tests.waiting import wait_until


@pytest.fixture
def service():
    served = serve_dynamics(clients=client_apps(), audio=AUDIO)
    yield served
    served.stop()


@pytest.fixture
def crashes():
    """What crashed; nothing may."""
    fallen = []
    yield fallen
    assert fallen == []


@pytest.fixture
def pair(service, tmp_path):
    plan = PairPlan(
        tmp_path / "pair", (dynamics_plan(service.urls),), tables=QUICK, of_node=SECRETS
    )
    made = LocalPair(plan)
    for node in made.nodes.values():
        node.close()
    return made


def test_a_call_of_a_real_node_is_made_ready_once_and_its_files_can_be_had(service, pair, crashes):
    admin = SimAdmin(service.urls.base)
    keys = place(admin, 1)
    admin.close()
    with running(pair, "alpha", crashes) as alpha:
        alpha.wait_for_archived(len(keys))
        (row,) = alpha.get("/api/v1/contacts").json()["contacts"]
        path = f"/api/v1/contacts/{row['contact']}"

        def said():
            return alpha.get(f"{path}/replay").json()

        assert said()["state"] in {"waiting", "making"}
        wait_until(lambda: said()["state"] == "ready", 60.0, "it is ready", every_s=0.1)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: said(), range(8)))

        assert {one["rendition"]["number"] for one in answers} == {1}
        files = f"{path}/renditions/1"
        timeline = Timeline.model_validate(alpha.get(f"{files}/timeline").json())
        peaks = Peaks.model_validate(alpha.get(f"{files}/peaks").json())
        assert timeline.has_audio
        assert [one.state for one in timeline.originals] == ["placed"]
        assert peaks.duration_ms == timeline.duration_ms == answers[0]["rendition"]["duration_ms"]
        assert max(peaks.data[0]) > 10
        body = alpha.get(f"{files}/media").content
        with av.open(io.BytesIO(body)) as container:
            assert container.duration / 1000 == pytest.approx(timeline.duration_ms, abs=70)
        metrics = alpha.get("/metrics").text
        assert "tandem_renditions_made_total 1.0" in metrics
