"""What adapters keep between jobs, under real threads that switch as often as they can."""

import hashlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from recorder.adapters.dynamics.schema_probe import SchemaProbe
from recorder.adapters.dynamics.users import UserCache
from recorder.adapters.folder_archive import FolderArchive
from recorder.adapters.media_fast import FastMediaFetcher
from recorder.adapters.webex.cdr_join import keys_of
from recorder.adapters.zoom.cache import MeetingCache
from recorder.adapters.zoom.records import Meeting
from recorder.errors import Throttled
from recorder.model import Window
from tests.recorder.adapters.dynamics.scripted import FakeClock, ScriptedDataverse, guid
from tests.recorder.adapters.webex import calls
from tests.recorder.adapters.webex.scripted import ScriptedWebex, Story
from tests.recorder.adapters.webex.scripted import us as webex_us
from tests.recorder.adapters.webex.scripted import uuid as webex_uuid

THREADS = 8
ROUNDS = 200


@pytest.fixture(autouse=True)
def restless():
    """Threads are switched between any two steps of the interpreter."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(work):
    """`work(number)` in every thread, begun together; what each returned."""
    start = threading.Barrier(THREADS)

    def run(number):
        start.wait(10)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result(60) for future in [pool.submit(run, n) for n in range(THREADS)]]


def test_agents_looked_up_by_many_jobs_stay_whole_and_bounded():
    cache = UserCache(users_max=20)

    def work(number):
        for step in range(5 * ROUNDS):
            mine = {guid(number * 9_000 + step): None, guid(step % 7): None}
            cache.keep(mine, now_ns=step)
            known = cache.known([*mine, *(guid(n) for n in range(7))], now_ns=step)
            assert set(known.values()) <= {None}
        with cache._lock:
            return len(cache._users)

    assert max(at_once(work)) <= 20
    assert len(cache._users) == 20


def test_a_schema_asked_for_by_many_jobs_is_the_same_for_all():
    asked = []

    class Rows:
        def rows(self, path):
            asked.append(path)
            return tuple({"LogicalName": name} for name in ("a", "b", "c"))

    probe = SchemaProbe(odata=Rows())

    def work(number):
        found = set()
        for step in range(ROUNDS):
            if number == 0 and step % 50 == 49:
                probe.forget()
            found.add(probe.columns(f"table{step % 3}"))
        return found

    assert at_once(work) == [{frozenset({"a", "b", "c"})}] * THREADS
    most = THREADS * 3 * (1 + ROUNDS // 50)
    assert len(asked) <= most, "a question too many is allowed, one for every use is not"


def test_meetings_asked_for_by_many_jobs_serve_each_item_once():
    cache = MeetingCache(meetings_max=3)
    for number in range(3):
        cache.keep(Meeting(uuid=f"m{number}"), 0)

    def work(_):
        asked = [(f"m{step % 3}", f"item{step}") for step in range(5 * ROUNDS)]
        return [item for uuid, item in asked if cache.describing(uuid, item, 0) is not None]

    served = [item for items in at_once(work) for item in items]
    assert sorted(served) == sorted({f"item{step}" for step in range(5 * ROUNDS)})


def test_meetings_kept_by_many_jobs_stay_bounded():
    cache = MeetingCache(meetings_max=4)

    def work(number):
        seen = set()
        for step in range(5 * ROUNDS):
            cache.keep(Meeting(uuid=f"m{number}-{step % 3}"), 0)
            cache.describing(f"m{(number + 1) % THREADS}-{step % 3}", f"item{step}", 0)
            with cache._lock:
                seen.add(len(cache._entries))
        return max(seen)

    assert max(at_once(work)) == 4


def test_many_jobs_together_spend_no_more_than_the_budget():
    world = ScriptedDataverse(FakeClock())
    odata = world.open(requests_per_5min=6_000)._odata

    def work(_):
        spent = 0
        while not _throttled(odata):
            spent += 1
        return spent

    alone = ScriptedDataverse(FakeClock()).open(requests_per_5min=6_000)._odata
    burst = 0
    while not _throttled(alone):
        burst += 1
    assert sum(at_once(work)) == burst > 1_000


def _throttled(odata):
    try:
        odata._patience.spend()
    except Throttled:
        return True
    return False


def test_what_many_jobs_put_is_durable_after_a_sync_whoever_syncs(tmp_path):
    archive = FolderArchive(tmp_path / "archive")
    body = b"recording"
    digest = hashlib.sha256(body).hexdigest()

    def work(number):
        for step in range(20):
            source = tmp_path / f"{number}-{step}"
            source.write_bytes(body)
            archive.put(f"folder{step % 5}/{number}-{step}.mp3", str(source), digest, len(body))
            archive.sync()

    at_once(work)
    archive.sync()
    assert len(list(archive.keys())) == THREADS * 20
    assert archive._touched == set()
    assert {folder.name for folder in archive._durable} >= {f"folder{n}" for n in range(5)}


def test_many_downloads_share_one_client_for_each_patience():
    fetcher = FastMediaFetcher()

    def work(number):
        return {id(fetcher._client(10.0 + step % 2)) for step in range(10 + number)}

    made = set().union(*at_once(work))
    fetcher.close()
    assert len(made) == 2


def test_many_recordings_together_ask_for_call_detail_records_once():
    world = ScriptedWebex()
    world.clock.advance(1000)
    calls.recorded_call(world, Story(world))
    world.history.append((webex_us(320), calls.record()))
    source = world.open(cdr="stream", requests_per_min=6000)
    history = source._connections.history
    (ref,) = source.list_items(Window(webex_us(0), webex_us(1000)), None).items
    keys = keys_of(source._details(ref)[0], None)

    def work(_):
        found = [history.find(keys, webex_us(1000)) for _ in range(ROUNDS)]
        return {joined.own.report_id for joined in found}

    assert at_once(work) == [{webex_uuid(1, 4)}] * THREADS
    assert len(world.asked("cdr_stream")) == 1
