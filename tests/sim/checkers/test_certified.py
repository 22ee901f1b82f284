"""Certificates of whole worlds: right where the world is right, and telling where it was tampered with."""

from dataclasses import replace

import pytest

from sim.checkers.certified import Held, check_certified
from sim.clockwork.clock import SimClock
from sim.clockwork.kernel import Epoch
from sim.world.incident import Fault, Incident, Workload
from sim.world.world import World


def lived(**facts):
    world = World(
        Incident(
            seed=5,
            minutes=2,
            workload=Workload(calls_per_minute=12),
            faults=(
                Fault("crash", "alpha", at_s=20, for_s=10),
                Fault("pause", "beta", at_s=50, for_s=8),
            ),
            **facts,
        )
    )
    report = world.run()
    assert report.violations == ()
    return world


@pytest.fixture(scope="module")
def world():
    return lived()


def held(world):
    clock = SimClock(kernel=world.kernel, epoch=Epoch("judge", 0))
    return Held(world.data_center.contacts, world.data_center.objects, clock)


def found(world, truth=None):
    truth = world.services.truth() if truth is None else truth
    return [violation.what for violation in check_certified(truth, held(world))]


def test_a_world_with_faults_is_proven_at_its_end(world):
    assert any(item.must_be_archived for item in world.services.truth())
    assert found(world) == []


def test_a_world_of_three_sources_is_proven_too():
    assert found(lived(sources=("dynamics", "zoom", "webex"))) == []


def test_what_was_never_archived_is_told(world):
    truth = world.services.truth()
    some = next(item for item in truth if item.must_be_archived)
    more = replace(some, key="never-archived", session_key="s")
    assert found(world, [*truth, more]) == [
        "a certificate calls an item missing that was offered all the time"
    ]


def test_other_bytes_than_those_offered_are_told(world):
    truth = [
        replace(item, sha256="00" * 32) if n == 0 and item.must_be_archived else item
        for n, item in enumerate(i for i in world.services.truth() if i.must_be_archived)
    ]
    assert found(world, truth) == [
        "a certificate names another hash than that of the bytes offered"
    ]


def test_an_object_that_lost_a_byte_is_told():
    world = lived()
    objects = world.data_center.objects.objects
    key = next(iter(objects))
    objects[key] = objects[key][:-1] + bytes([objects[key][-1] ^ 1])
    (what,) = found(world)
    assert what.startswith("a certificate made a moment ago does not verify: object_differs")


def test_what_a_policy_deleted_is_no_loss():
    world = lived()
    contacts, objects = world.data_center.contacts.contacts, world.data_center.objects
    place = next(iter(contacts.media))
    session = contacts.rows[contacts.media[place].contact_id].session_key
    home = contacts.media[place].contact_id
    for key in [key for key, one in contacts.media.items() if one.contact_id == home]:
        del objects.objects[contacts.media.pop(key).row.object_key]
    assert found(world) == ["a certificate calls an item missing that was offered all the time"]

    def deleted(_source, key):
        return "seven-years" if key == session else ""

    with_policy = replace(held(world), deleted=deleted)
    assert [*check_certified(world.services.truth(), with_policy)] == []
