"""A stage without started nodes: the fake service, the Data Center and the picture of both."""

from pathlib import Path

import httpx
import pytest

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db import SqlContactDb, open_engine
from recorder.cli.errors import CliError, Exit
from recorder.model import ItemState
from sim.served.local_pair import CLUSTER
from sim.served.sources import DYNAMICS
from sim.show.stage import Stage
from tests.calls import a_ref, an_item, an_outcome, names_of
from tests.databases import migrated

AUDIO = Path(__file__).parents[3] / "var" / "audio"


class Heard:
    """A display that keeps what it was shown."""

    def __init__(self):
        self.pictures = []
        self.events = []
        self.closed = False

    def show(self, picture):
        self.pictures.append(picture)

    def event(self, at_s, text):
        assert at_s >= 0
        self.events.append(text)

    def close(self):
        self.closed = True


class Node:
    """Stands for a process of the pair."""

    def __init__(self, view, *, running=True, sources=()):
        self.running = running
        self._view = view
        self._sources = sources

    def view(self):
        assert self.running, "a process that does not run is not asked"
        return self._view

    def sources(self):
        return self._sources

    def stop(self):
        self.running = False

    def close(self):
        """Nothing is held."""


@pytest.fixture
def display():
    return Heard()


@pytest.fixture
def stage(tmp_path, display):
    with Stage(tmp_path / "show", AUDIO, display) as made:
        yield made


@pytest.fixture
def data_center(stage):
    """The contact database a node would have made."""
    url = f"sqlite:///{stage.directory}/center/contacts.db"
    migrated(url)
    clock = RealClock()
    db = SqlContactDb(open_engine(url), cluster=CLUSTER, node="alpha", clock=clock)
    yield db
    db.close()
    clock.stop()


def test_before_anything_runs_both_nodes_are_down_and_nothing_is_archived(stage, display):
    picture = stage.look()
    assert [(row["node"], row["role"]) for row in picture.nodes] == [
        ("alpha", "down"),
        ("beta", "down"),
    ]
    assert (picture.offered, picture.archived, picture.failed) == (0, 0, 0)
    assert display.pictures == [picture]


def test_what_is_offered_comes_from_the_service_and_what_is_archived_from_the_data_center(
    stage, data_center
):
    recording = {"row_delay_s": 0.0, "file_delay_s": 0.0}
    stage.served.all[0].admin.place_calls(*[{"ends_in_s": -1.0, "recordings": [recording]}] * 3)
    archived = [an_item("rec-1", source=DYNAMICS), an_item("rec-2", source=DYNAMICS)]
    data_center.commit(archived, names_of(*archived))
    data_center.record_found([a_ref("rec-3", source=DYNAMICS)], [])
    data_center.record_outcome(an_outcome("rec-4", source=DYNAMICS), 1)
    data_center.record_outcome(an_outcome("rec-5", source=DYNAMICS, parked=True, retry_at_us=1), 1)
    data_center.record_outcome(an_outcome("rec-6", ItemState.GONE, source=DYNAMICS), 1)
    picture = stage.look()
    assert (picture.offered, picture.archived, picture.failed) == (3, 2, 2)


def test_a_node_is_shown_by_its_own_word(stage):
    of_alpha = {"node": "alpha", "role": "primary", "term": 3}
    hearsay = {"node": "beta", "role": "secondary", "term": 3}
    stage.pair.nodes["alpha"] = Node({"nodes": [of_alpha, hearsay]})
    stage.pair.nodes["beta"] = Node({"nodes": [of_alpha, hearsay | {"role": "candidate"}]})
    assert stage.look().nodes == (of_alpha, hearsay | {"role": "candidate"})


def test_a_source_is_shown_by_the_word_of_the_node_that_polls_it(stage):
    view = {"nodes": [{"node": "alpha", "role": "secondary"}, {"node": "beta", "role": "primary"}]}
    lags = {"source": "dynamics", "state": "waiting", "lag_seconds": 2.5, "pending": 3}
    stage.pair.nodes["alpha"] = Node(view, sources=[{"source": "dynamics", "state": "standby"}])
    stage.pair.nodes["beta"] = Node(view, sources=[{**lags, "last_error": "asked for patience"}])
    (source,) = stage.look().sources
    assert (source.name, source.polled_by, source.state) == ("dynamics", "beta", "waiting")
    assert (source.lag_s, source.pending, source.last_error) == (2.5, 3, "asked for patience")


def test_a_source_that_no_node_tells_of_is_shown_by_what_is_on_record(stage, data_center):
    item = an_item("rec-1", source=DYNAMICS)
    data_center.commit([item], names_of(item))
    (source,) = stage.look().sources
    assert (source.polled_by, source.state, source.lag_s) == ("", "", None)
    assert source.archived == 1


def test_a_node_that_runs_but_does_not_answer_yet_is_starting(stage):
    stage.pair.nodes["alpha"] = Node(None)
    stage.pair.nodes["beta"] = Node(None, running=False)
    assert [row["role"] for row in stage.look().nodes] == ["starting", "down"]


def test_watching_for_no_time_is_one_look(stage, display):
    stage.watch(0.0)
    assert len(display.pictures) == 1
    assert stage.watch(0.01) is display.pictures[-1]
    assert len(display.pictures) == 3


def test_events_reach_the_display(stage, display):
    stage.event("kill -9 alpha")
    assert display.events[-1] == "kill -9 alpha"


def test_the_contents_of_the_data_center_are_read_and_hashed(stage, data_center):
    item = an_item("rec-1", source=DYNAMICS)
    data_center.commit([item], names_of(item))
    contents = stage.read()
    assert [row.ref.key for row in contents.items] == ["rec-1"]
    assert list(contents.objects) == []


def test_everything_ends_with_the_stage(tmp_path, display):
    with Stage(tmp_path / "show", AUDIO, display) as made:
        base = made.served.all[0].base
        alpha = made.pair.nodes["alpha"] = Node(None)
        assert httpx.get(f"{base}/_sim/clock", trust_env=False).is_success
    assert display.closed
    assert not alpha.running
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base}/_sim/clock", trust_env=False)


def test_a_show_begins_with_an_empty_folder(tmp_path, display):
    for _ in range(2):
        with Stage(tmp_path / "show", AUDIO, display) as made:
            left = made.directory / "center" / "left.txt"
            assert not left.exists()
            left.parent.mkdir(exist_ok=True)
            left.write_text("of the show before", encoding="utf-8")


@pytest.mark.parametrize("name", ["thesis.txt", "photos/cat.jpg"])
def test_a_folder_with_anything_else_in_it_is_never_emptied(name, tmp_path, display):
    precious = tmp_path / "mine" / name
    precious.parent.mkdir(parents=True)
    precious.write_text("not a show's", encoding="utf-8")
    with pytest.raises(CliError) as refused:
        Stage(tmp_path / "mine", AUDIO, display)
    assert precious.exists()
    assert refused.value.code == Exit.USAGE
    assert str(tmp_path / "mine") in str(refused.value)
    assert "--directory" in refused.value.hint


def test_an_empty_folder_will_do(tmp_path, display):
    (tmp_path / "show").mkdir()
    with Stage(tmp_path / "show", AUDIO, display) as made:
        assert made.pair.nodes["alpha"].config.is_file()
