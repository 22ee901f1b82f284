"""The scrub over real files: damage of every kind is found, told, and closes when it is mended."""

import pytest

from cluster.messages import (
    DutyEnded,
    DutyGranted,
    DutyWithdrawn,
    HintsHeard,
    MarksHeard,
    Ping,
    Pong,
)
from recorder.records.retention import Hold, Scope
from recorder.records.scrub import Outcome
from tests.recorder.fakes import Mailbox
from tests.recorder.scrub.scrubbing import BODY, World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "archive")


@pytest.fixture
def paths(world):
    """Three files that were read once and are whole."""
    found = {name: world.bring(name) for name in ("a", "b", "c")}
    world.grant()
    world.later(120)
    assert world.status.objects_read == 3
    assert world.findings() == {}
    return found


@pytest.mark.usefixtures("paths")
def test_everything_is_read_once_and_then_it_rests(world):
    world.later(3600)
    summary = world.db.summary()
    assert (summary.objects, summary.unread, summary.damaged, summary.missing) == (3, 0, 0, 0)
    assert summary.reads.ended_us is not None
    assert not summary.reads.running
    assert (world.status.state, world.status.objects_read) == ("resting", 3)
    assert world.status.bytes_read == 3 * len(BODY)


@pytest.mark.usefixtures("paths")
def test_everything_is_read_again_when_its_time_has_come(world):
    world.later(world.settings.pass_every_s + 120, step_s=60.0)
    assert world.status.objects_read == 6


def flip(path):
    """One bit of one byte, in the middle; the size stays."""
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def extend(path):
    path.write_bytes(path.read_bytes() + b"x")


def delete(path):
    path.unlink()


@pytest.mark.parametrize(
    ("deed", "outcome", "code"),
    [
        (flip, Outcome.DAMAGED, "object_damaged"),
        (truncate, Outcome.DAMAGED, "object_damaged"),
        (extend, Outcome.DAMAGED, "object_damaged"),
        (delete, Outcome.MISSING, "object_missing"),
    ],
)
def test_damage_is_found_with_the_next_pass_and_closes_when_it_is_mended(
    world, paths, deed, outcome, code
):
    deed(paths["b"])
    world.later(world.settings.pass_every_s + 120, step_s=60.0)
    assert world.bad() == {"dyn/b": outcome}
    assert list(world.findings()) == [code]
    assert "dyn/b" in world.findings()[code]
    assert [(what, subject) for what, subject, _, _ in world.trail.told] == [
        ("scrub_found", "dyn/b")
    ]
    paths["b"].write_bytes(BODY)
    world.later(world.settings.recheck_s + 120, step_s=60.0)
    assert world.bad() == {}
    assert world.findings() == {}
    assert [what for what, *_ in world.trail.told] == ["scrub_found", "scrub_healed"]


def test_damage_of_what_was_never_read_is_found_at_the_first_pass(world):
    paths = [world.bring(name) for name in ("a", "b", "c", "d")]
    flip(paths[0])
    truncate(paths[1])
    delete(paths[2])
    world.grant()
    world.later(120)
    assert world.bad() == {
        "dyn/a": Outcome.DAMAGED,
        "dyn/b": Outcome.DAMAGED,
        "dyn/c": Outcome.MISSING,
    }
    assert world.findings()["object_damaged"].startswith("2 objects have other bytes")
    assert world.findings()["object_missing"].startswith("1 object is not in the archive")


@pytest.mark.usefixtures("paths")
def test_an_object_without_a_row_is_a_stray_after_a_second_census(world):
    (world.folder / "dyn/zz").write_bytes(b"who put this here?")
    world.later(3700)
    assert world.findings() == {}
    world.later(3700)
    assert world.bad() == {"dyn/zz": Outcome.STRAY}
    assert "dyn/zz" in world.findings()["object_stray"]
    (world.folder / "dyn/zz").unlink()
    world.later(3700)
    assert world.findings() == {}


def test_an_object_that_cannot_be_read_is_damaged_and_the_others_are_read(world, monkeypatch):
    for name in ("a", "b"):
        world.bring(name)
    opened = world.archive.open

    def failing(key):
        if key == "dyn/a":
            raise OSError(5, "Input/output error")
        return opened(key)

    monkeypatch.setattr(world.archive, "open", failing)
    world.grant()
    world.later(60)
    assert world.bad() == {"dyn/a": Outcome.DAMAGED}
    assert "Input/output error" in world.db.bad(1)[0].detail
    assert world.status.objects_read == 2


def test_held_objects_are_read_first(world, monkeypatch):
    homes = {}
    for name in ("a", "b", "c"):
        world.bring(name)
    for home, row in world.store.contacts.rows.items():
        homes[row.session_key] = home
    hold = Hold("h1", "a case", Scope(contact_id=homes["ses-c"]), 5, "anna")
    world.retention.holds["h1"] = hold
    order, opened = [], world.archive.open
    monkeypatch.setattr(world.archive, "open", lambda key: order.append(key) or opened(key))
    world.grant()
    world.later(60)
    assert order == ["dyn/c", "dyn/a", "dyn/b"]


def test_it_never_reads_more_than_its_budget(tmp_path):
    world = World(tmp_path / "archive", bytes_per_day=86_400 * 2000)
    for number in range(12):
        world.bring(f"n{number:02d}")
    began_ns = world.clock.now_ns
    world.grant()
    slice_bytes = 20_000  # what ten seconds allow
    while world.status.objects_read < 12:
        world.later(1.0)
        passed_s = (world.clock.now_ns - began_ns) / 1e9
        assert world.status.bytes_read <= 2000 * passed_s + slice_bytes
    total = 12 * len(BODY)
    assert (world.clock.now_ns - began_ns) / 1e9 >= (total - slice_bytes) / 2000


def test_a_large_object_is_read_over_many_slices(tmp_path):
    world = World(tmp_path / "archive", bytes_per_day=86_400 * 1000)
    body = bytes(range(256)) * 200
    path = world.bring("large", body)
    world.grant()
    world.later(20)
    assert 0 < world.status.bytes_read < len(body)
    world.later(100)
    assert world.bad() == {}
    assert world.status.objects_read == 1
    flip(path)
    world.later(world.settings.pass_every_s + 300, step_s=10.0)
    assert world.bad() == {"dyn/large": Outcome.DAMAGED}


def test_an_outage_of_the_data_center_is_waited_for(world):
    world.bring("a")
    world.db.faults.down = True
    world.grant()
    world.later(120)
    assert world.status.state == "waiting"
    assert world.status.last_error
    world.db.faults.down = False
    world.later(60)
    assert (world.status.objects_read, world.status.last_error) == (1, "")
    assert world.findings() == {}


@pytest.mark.usefixtures("paths")
def test_an_archive_that_is_away_says_nothing_of_its_objects(world, tmp_path):
    (tmp_path / "archive").rename(tmp_path / "away")
    (tmp_path / "archive").mkdir()  # as an empty mount point
    (tmp_path / "archive/.incoming").mkdir()
    world.later(world.settings.pass_every_s + 300, step_s=120.0)
    assert world.bad() == {}
    assert list(world.findings()) == ["scrub_archive_away"]
    assert world.status.state == "waiting"
    for path in (tmp_path / "archive", tmp_path / "archive/.incoming"):
        assert not [one for one in path.iterdir() if one.is_file()]
    (tmp_path / "archive/.incoming").rmdir()
    (tmp_path / "archive").rmdir()
    (tmp_path / "away").rename(tmp_path / "archive")
    world.later(120)
    assert world.findings() == {}
    assert world.bad() == {}


@pytest.mark.usefixtures("paths")
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ValueError("odd")])
def test_what_nobody_expected_is_told_and_tried_again(world, monkeypatch, error):
    def broken(_after="", _prefix=""):
        raise error

    monkeypatch.setattr(world.archive, "keys", broken)
    world.later(world.settings.census_every_s + 120, step_s=60.0)
    assert list(world.findings()) == ["scrub_failing"]
    assert type(error).__name__ in world.findings()["scrub_failing"]
    monkeypatch.undo()
    world.later(120)
    assert world.findings() == {}


def test_a_restart_goes_on_where_it_was_and_tells_what_is_open(world, paths):
    flip(paths["b"])
    world.later(world.settings.pass_every_s + 120, step_s=60.0)
    world.start()
    assert world.findings() == {}
    world.grant()
    world.later(5)
    assert list(world.findings()) == ["object_damaged"]
    assert world.status.objects_read == 0


def test_who_is_not_primary_reads_nothing_and_has_no_findings(world, paths):
    flip(paths["b"])
    world.later(world.settings.pass_every_s + 120, step_s=60.0)
    reply = Mailbox()
    world.me.tell(DutyWithdrawn(reply))
    world.work()
    assert reply.messages == [DutyEnded("scrub", {})]
    assert world.findings() == {}
    assert world.status.state == "standby"
    read = world.status.objects_read
    world.later(world.settings.pass_every_s, step_s=600.0)
    assert world.status.objects_read == read
    world.grant(term=2)
    world.later(5)
    assert list(world.findings()) == ["object_damaged"]


def test_a_duty_that_ran_out_is_waited_for(world):
    world.bring("a")
    world.grant(seconds=0.0)
    world.later(10)
    assert world.status.objects_read == 0
    world.grant()
    world.later(5)
    assert world.status.objects_read == 1


def test_a_reign_that_is_over_writes_nothing(world):
    world.bring("a")
    world.grant()
    world.term = 5
    world.later(120)
    assert world.status.state == "standby"
    assert world.db.summary().unread == 1
    world.grant()
    world.later(10)
    assert world.status.objects_read == 1


def test_a_withdrawal_while_a_read_is_under_way_is_answered_at_once(world):
    world.bring("a")
    until_ns = world.clock.monotonic_ns() + 10**15
    world.me.tell(DutyGranted(1, until_ns, True, {}))
    world.me.pump()
    reply = Mailbox()
    world.me.tell(DutyWithdrawn(reply))
    world.me.pump()
    assert len(world.lane.jobs) == 1
    assert reply.messages == [DutyEnded("scrub", {})]
    world.work()
    assert world.status.state == "standby"


def test_switched_off_it_reads_nothing(tmp_path):
    world = World(tmp_path / "archive", enabled=False)
    world.bring("a")
    world.grant()
    world.later(120)
    assert (world.status.state, world.status.objects_read) == ("off", 0)


def test_what_was_deleted_by_retention_is_not_missing(world, paths):
    (home,) = [h for h, row in world.store.contacts.rows.items() if row.session_key == "ses-b"]
    world.store.contacts.take_out(home)
    paths["b"].unlink()
    world.later(world.settings.pass_every_s + 300, step_s=60.0)
    assert world.bad() == {}
    assert world.db.summary().objects == 2


def test_marks_and_hints_are_not_its_business_and_it_answers_pings(world):
    asker = Mailbox()
    for message in (MarksHeard({}), HintsHeard(("dyn",)), Ping(7, asker)):
        world.me.tell(message)
    world.work()
    assert asker.messages == [Pong("scrub", 7)]


def test_what_was_made_of_a_contact_is_no_stray(world):
    """Of a rendition only the sound and picture have a row, and it goes with its contact."""
    path = world.folder / "renditions/aa/aabb/d/rendition-1.webm"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"made here")
    world.bring("a")
    world.grant()
    world.later(7200)

    assert world.findings() == {}
