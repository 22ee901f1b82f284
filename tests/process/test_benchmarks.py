"""The contenders of the benchmarks on real processes: figures are worth something only if the work is done."""

import os

import pytest

from recorder.adapters.contact_db import SqlContactDb, open_engine
from recorder.adapters.folder_archive import FolderArchive
from recorder.records.contacts import ItemQuery
from sim.bench.contenders import Contender, Work, fetch_with_ours
from sim.bench.file_server import make_files, make_tls, serving
from sim.bench.media_path import WARM_UP_ITEMS
from sim.bench.needless import busy_cores
from sim.bench.programs import process_cpu_s
from sim.bench.timing import now_ns, seconds_since
from sim.ucaas.clocks import wall_us
from tests.recorder.hand_clock import HandClock
from tests.waiting import wait_until

pytestmark = pytest.mark.process

FILES = 6


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return make_tls(tmp_path_factory.mktemp("tls"), wall_us())


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    directory = tmp_path_factory.mktemp("served") / "files"
    return directory, Work("20 KB", FILES, make_files(directory, FILES, 20_000))


@pytest.fixture(scope="module")
def served(work, tls, tmp_path_factory):
    with serving(work[0], tmp_path_factory.mktemp("server"), tls) as one:
        yield one


def test_two_nodes_archive_every_file_once_with_its_own_bytes(work, served, tls, tmp_path):
    started_ns = now_ns()
    to = tmp_path / "run"
    cost = fetch_with_ours(Contender("httpx", 2, 2), served, work[1], to, tls)
    assert 0 < cost.wall_s < seconds_since(started_ns)
    assert cost.cpu_s > 0
    assert cost.start_cpu_s > 0
    engine = open_engine(f"sqlite:///{to}/contacts.db")
    db = SqlContactDb(engine, cluster="bench", node="test", clock=HandClock())
    archive = FolderArchive(to / "archive")
    items = db.items(ItemQuery(limit=500)).rows
    assert {row.state for row in items} == {"archived"}
    assert len(items) == FILES + 2 * WARM_UP_ITEMS
    assert {row.archived_by for row in items} == {"alpha", "beta"}
    own = [row for row in items if int(row.ref.key, 16) < FILES]
    stored = set()
    for row in own:
        (media,) = db.contact(row.contact_id).media
        with archive.open(media.object_key) as file:
            stored.add(file.read())
    assert stored == {path.read_bytes() for path in work[0].iterdir()}
    db.close()


def test_a_server_that_lacks_a_file_fails_the_measurement(work, served, tls, tmp_path):
    more = Work("20 KB", FILES + 1, work[1].size_bytes)
    with pytest.raises(RuntimeError, match="the media path ended with"):
        fetch_with_ours(Contender("httpx", 1, 2), served, more, tmp_path / "run", tls)


def test_cores_are_busy_only_while_they_shall_be():
    def children():
        path = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - a file of the system
            return {int(pid) for pid in file.read().split()}

    before = children()
    with busy_cores(1):
        (pid,) = children() - before
        wait_until(lambda: process_cpu_s(pid) > 0.05, 10.0, "it computes")
    assert children() - before == set()
