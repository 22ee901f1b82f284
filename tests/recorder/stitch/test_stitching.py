import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.adapters.stitch_process import StitchProcess
from recorder.errors import ArchiveError, CallBufferError, DataCenterDown, StitchFailed
from recorder.model import Window
from recorder.scn.model import ClockOffset
from recorder.scn.webm import ScnReader
from recorder.stitch.stitching import Result, stitch
from recorder.stitch.timeline import Placed, Timeline
from recorder.traps import TrapSprung
from sim.tables.agent_events import AgentEventStore, MemoryAgentEventDb
from sim.tables.audit import ListedTrail
from sim.tables.screens import MemoryScreenDb
from tests.recorder.screen.agents import K, event
from tests.recorder.stitch.stitch_node import CONTACT, World


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "world")
    made.add_call()
    made.add_screen()
    return made


def timeline_of(world, rendition):
    with world.archive().open(rendition.timeline_key) as file:
        return Timeline.model_validate_json(file.read())


def stitched(world, **more):
    return stitch(world.tools(**more), CONTACT, complete=False)


def test_a_contact_is_made_once_and_ready_afterwards(world):
    first = stitched(world)
    again = stitched(world)

    assert (first.result, again.result) == (Result.MADE, Result.READY)
    assert first.rendition == again.rendition
    assert (first.rendition.number, first.rendition.made_by) == (1, "alpha")
    assert len(world.objects()) == 3
    timeline = timeline_of(world, first.rendition)
    assert timeline.rendition.object_key == first.rendition.object_key
    assert (timeline.has_audio, timeline.has_screen) == (True, True)
    assert first.memory_bytes > 0
    assert not (world.directory / "stitch-alpha").exists()


def test_hashes_and_sizes_of_all_its_files_are_on_record(world):
    row = stitched(world).rendition

    for key, *told in (
        (row.object_key, row.size_bytes, row.sha256),
        (row.peaks_key, row.peaks_bytes, row.peaks_sha256),
        (row.timeline_key, row.timeline_bytes, row.timeline_sha256),
    ):
        with world.archive().open(key) as file:
            data = file.read()
        assert [len(data), hashlib.sha256(data).hexdigest()] == told


def test_a_late_part_makes_the_next_number_and_leaves_the_first(world):
    first = stitched(world)
    world.add_screen(part_key="aa02", first=30, last=40)

    second = stitched(world)

    assert (second.result, second.rendition.number) == (Result.MADE, 2)
    assert len(world.objects()) == 6
    assert [one.number for one in world.screens.renditions(CONTACT)] == [1, 2]
    assert timeline_of(world, second.rendition).screens[0].stretches[0].parts == ("aa01", "aa02")
    assert len(timeline_of(world, first.rendition).screens[0].stretches[0].parts) == 1


def test_a_late_file_makes_the_next_number(world):
    stitched(world)
    world.add_call(files=2, revision=2)

    second = stitched(world)

    assert second.rendition.number == 2
    assert len(timeline_of(world, second.rendition).originals) == 2


def test_a_revision_that_changes_nothing_that_is_replayed_makes_nothing(world):
    stitched(world)
    world.add_call(revision=2)

    assert stitched(world).result is Result.READY


def test_a_clock_that_is_measured_anew_makes_nothing_and_is_told(world):
    first = stitched(world, service=ClockOffset(3_000_000, 500_000))

    assert stitched(world, service=ClockOffset(-9_000_000, 500_000)).result is Result.READY
    timeline = timeline_of(world, first.rendition)
    assert timeline.clocks.service.applied_us == 3_000_000
    assert timeline.screens[0].stretches[0].start_ms == 5_000


def test_a_contact_without_anything_to_replay_says_so(world):
    world.add_call(files=0)
    world.tables.parts.clear()

    assert stitched(world).result is Result.NOTHING
    assert stitch(world.tools(), "d" * 32, complete=False).result is Result.GONE
    assert world.objects() == []


def test_a_screen_that_is_still_recorded_is_waited_for_ahead_of_time_only(tmp_path):
    world = World(tmp_path / "world")
    world.add_call()
    world.add_screen(ended=False)
    tools = world.tools(now_us=1_700_000_020 * 1_000_000)

    assert stitch(tools, CONTACT, complete=True).result is Result.LASTING
    assert stitch(tools, CONTACT, complete=False).result is Result.MADE


@pytest.mark.parametrize(
    ("point", "count"),
    [("put", 1), ("put", 2), ("put", 3), ("rename", 1), ("rename", 3), ("sync", 1), ("commit", 1)],
)
def test_a_crash_at_any_step_is_harmless(world, point, count):
    left = [count]

    def trap(name):
        if name == point:
            left[0] -= 1
            if not left[0]:
                raise TrapSprung(name)

    with pytest.raises(TrapSprung):
        stitched(world, trap=trap)
    assert world.screens.renditions(CONTACT) == ()

    after = stitched(world)

    assert (after.result, after.rendition.number) == (Result.MADE, 1)
    assert len(world.objects()) == 3
    assert stitched(world).result is Result.READY


def test_an_answer_that_was_lost_leads_to_the_same_rendition(world):
    world.screens.faults.answers_lost = 0
    original = world.screens.record_rendition

    def lose(rendition):
        original(rendition)
        raise DataCenterDown("no answer")

    world.screens.record_rendition = lose
    with pytest.raises(DataCenterDown):
        stitched(world)
    world.screens.record_rendition = original

    after = stitched(world)

    assert (after.result, after.rendition.number) == (Result.READY, 1)


def test_two_nodes_at_once_make_the_same_object_once(world):
    def run(node):
        studio = StitchProcess(world.directory / node)
        return stitch(world.tools(node, studio=studio), CONTACT, complete=False)

    with ThreadPoolExecutor(2) as pool:
        alpha, beta = pool.map(run, ("alpha", "beta"))

    assert alpha.rendition == beta.rendition
    assert len(world.screens.renditions(CONTACT)) == 1
    assert len(world.objects()) == 3


def test_a_rendition_whose_object_is_lost_is_put_back(world):
    first = stitched(world)
    world.archive().delete(first.rendition.object_key)

    again = stitched(world)

    assert again.rendition == first.rendition
    assert world.archive().info(first.rendition.object_key) is not None


def test_a_contact_that_is_deleted_meanwhile_leaves_no_object(world):
    def trap(name):
        if name == "commit":
            world.contacts.details.clear()

    stitched(world, trap=trap)

    assert world.objects() == []


class Crashing(StitchProcess):
    """The worker dies of a signal while it reads one object."""

    def __init__(self, directory, *, over):
        program = (
            sys.executable, "-P", str(Path(__file__).with_name("crashing_worker.py")), over
        )  # fmt: skip
        super().__init__(directory, program=program)


def test_a_file_that_crashes_the_codec_is_left_out_and_the_rest_is_made(world):
    world.add_call(files=2)

    done = stitched(world, studio=Crashing(world.directory / "s", over="calls/0/a1"))

    timeline = timeline_of(world, done.rendition)
    assert [one.state for one in timeline.originals] == [Placed.PLACED, Placed.BROKEN]
    assert timeline.has_screen
    assert ("file_broken", "a1") in {(one.code, one.subject) for one in timeline.notes}


def test_a_worker_that_ends_without_a_word_fails_this_contact(world):
    studio = StitchProcess(
        world.directory / "s", program=(sys.executable, "-c", "raise SystemExit(9)")
    )

    with pytest.raises(StitchFailed, match="code 9"):
        stitched(world, studio=studio)

    assert not (world.directory / "s").exists()
    assert world.objects() == []


def test_a_worker_with_too_little_memory_ends_and_says_so(world):
    studio = StitchProcess(world.directory / "s", memory_bytes_max=64 * 1024**2)

    with pytest.raises(StitchFailed):
        stitched(world, studio=studio)


ORPHAN = """
import os, sys, tempfile, time
from recorder.stitch.worker import Reading
reading = Reading(tempfile.mkdtemp(dir=sys.argv[2]), int(sys.argv[1]))
sys.stdin.read()
until = time.monotonic() + 60
while time.monotonic() < until:
    reading("x")
"""
NODE = """
import os, subprocess, sys
given = [sys.executable, "-c", sys.argv[1], str(os.getpid()), sys.argv[2]]
child = subprocess.Popen(given, stdin=subprocess.PIPE)
print(child.pid, flush=True)
"""


def test_a_worker_whose_node_is_gone_ends(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    given = [sys.executable, "-c", NODE, ORPHAN, str(tmp_path)]
    node = subprocess.Popen(given, stdout=subprocess.PIPE, env=env)

    out, _ = node.communicate(timeout=30)

    assert int(out) > 0  # the pipe closed: the worker, which held it too, has ended


def test_a_full_disk_is_waited_for_and_is_not_the_contacts_fault(world):
    blocked = world.directory / "file"
    blocked.write_text("no folder")

    with pytest.raises(CallBufferError):
        stitched(world, studio=StitchProcess(blocked / "stitch"))


def test_an_archive_that_refuses_one_object_fails_the_contact_and_one_that_is_away_is_waited_for(
    world, monkeypatch
):
    tools = world.tools()

    def refuse(*_):
        raise ArchiveError("another content is there")

    monkeypatch.setattr(tools.archive, "put", refuse)
    with pytest.raises(StitchFailed, match="another content"):
        stitch(tools, CONTACT, complete=False)
    monkeypatch.setattr(tools.archive, "check", refuse)
    with pytest.raises(ArchiveError):
        stitch(tools, CONTACT, complete=False)


def test_the_screen_of_another_contacts_call_is_not_shown(tmp_path):
    elsewhere = World(tmp_path / "elsewhere")
    elsewhere.add_call()
    elsewhere.add_screen()
    elsewhere.events = MemoryAgentEventDb(AgentEventStore())
    told = [event(K.CONNECTED, 1, call="call-2"), event(K.AVAILABLE, 30, call="")]
    elsewhere.events.record(told)
    assert timeline_of(elsewhere, stitched(elsewhere).rendition).has_screen

    detail = elsewhere.contacts.details[CONTACT]
    row = replace(detail.row, contact_id="e" * 32, session_key="call-2")
    elsewhere.contacts.details["e" * 32] = replace(detail, row=row)

    assert not timeline_of(elsewhere, stitched(elsewhere).rendition).has_screen


# -- a mask that is heard late ----


def mask(world):
    """Ann took a card number for a moment."""
    world.events.record([event(K.MASK, 5), event(K.UNMASK, 5.3)])


def test_what_a_late_mask_covers_leaves_the_archive_and_every_rendition(world):
    first, trail = stitched(world), ListedTrail()
    mask(world)

    second = stitch(replace(world.tools(), trail=trail), CONTACT, complete=False)

    assert (second.result, second.rendition.number) == (Result.MADE, 2)
    told = [(what, subject) for what, subject, *_ in trail.told]
    assert told == [("rendition_masked", CONTACT), ("screen_masked", "aa01")]
    assert stitched(world).result is Result.READY
    assert world.archive().info(first.rendition.object_key) is None
    assert world.tables.forgotten == {"aa01": "masked"}
    parts = world.screens.parts(["calls/ann"], Window(0, 2**62))
    assert world.archive().info("screens/aa/aa01.scn") is None
    assert sorted(one.object_key for one in parts) == world.objects("screens/")
    shown = [p for one in parts for p in times(world, one)]
    assert [at_s for at_s in shown if 4.5 <= at_s < 5.8] == []
    assert len(shown) > 20
    stretches = timeline_of(world, second.rendition).screens[0].stretches
    assert [(one.start_ms, one.end_ms) for one in stretches] == [(2_000, 4_400), (6_000, 7_800)]


@pytest.mark.parametrize("point", ["commit", "discard"])
def test_a_crash_while_a_late_mask_is_carried_out_is_harmless(world, point):
    mask(world)
    left = [True]

    def trap(name):
        if name == point and left:
            left.clear()
            raise TrapSprung(name)

    with pytest.raises(TrapSprung):
        stitched(world, trap=trap)
    after = stitched(world)

    assert after.result is Result.MADE
    assert world.tables.forgotten == {"aa01": "masked"}
    assert len(world.objects("screens/")) == 2


@pytest.mark.parametrize("masked_s", [(5, 5.9), (-5, 60)])
def test_nothing_masked_stays_in_the_archive_when_the_node_dies_before_it_is_on_record(
    world, masked_s
):
    world.events.record([event(K.MASK, masked_s[0]), event(K.UNMASK, masked_s[1])])

    class Dying(MemoryScreenDb):
        def forget_part(self, part_key, reason):
            raise TrapSprung(f"{part_key} {reason}")

    with pytest.raises(TrapSprung):
        stitched(world, screens=Dying(world.tables))
    assert world.archive().info("screens/aa/aa01.scn") is None
    after = stitched(world)

    assert after.result is Result.MADE
    assert world.tables.forgotten == {"aa01": "masked"}
    told = {note.code for note in timeline_of(world, after.rendition).notes}
    assert not told & {"part_missing", "part_broken"}


def test_a_mask_that_was_known_leaves_renditions_and_parts_alone(world):
    mask(world)
    first = stitched(world)
    parts = world.objects("screens/")
    world.add_call(files=2, revision=2)

    second = stitched(world)

    assert second.rendition.number == 2
    assert world.archive().info(first.rendition.object_key) is not None
    assert world.objects("screens/") == parts


def times(world, part):
    """When the frames of a part in the archive were shown, in seconds of the story."""
    with world.archive().open(part.object_key) as file:
        return [2 + one.pts_ms / 1000 for one in ScnReader(file).index()]
