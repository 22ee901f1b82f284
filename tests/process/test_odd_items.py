"""Recordings that appear late, at the same instant, twice, out of order, several at once, or change."""

import pytest

from tests.process.looking import (
    source_of,
    tandem,
    wait_for_finding,
    wait_for_row,
    wait_until_well,
)
from tests.process.world import World
from tests.waiting import wait_until

pytestmark = pytest.mark.process

OVERLAP_S = 10.0
"""As in the demo's configuration; its look-back of two minutes comes every few seconds here."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(
        tmp_path_factory.mktemp("odd"),
        tables={
            "poll": {"overlap_s": OVERLAP_S, "tiers": [{"every_s": 3.0, "back_s": 120.0}]},
            "retry": {"base_s": 0.2, "cap_s": 1.0},
        },
        keys={"page_size": 10},
    )
    try:
        world.start()
        world.place({})
        world.settle()
        yield world
    finally:
        world.close()


def contacts_of(world, session):
    return [contact for contact in world.contents().contacts if contact.session_key == session]


def session_of(world, key):
    return next(item.session_key for item in world.admin.truth() if item.key == key)


def escapes(world):
    primary, _ = world.primary_and_secondary()
    return source_of(primary)["late_escapes"]


def test_a_recording_that_appears_late_within_the_overlap_is_archived_by_a_poll(world):
    before = escapes(world)
    key = world.place({"recordings": [{"backdate_s": 6.0}], "ends_in_s": -6.0})[0]
    wait_for_row(world, key, state="archived")
    world.settle_and_check()
    assert escapes(world) == before


def test_a_recording_that_appears_later_than_the_overlap_is_found_by_a_look_back_and_told(world):
    before = escapes(world)
    key = world.place({"recordings": [{"backdate_s": 60.0}], "ends_in_s": -60.0})[0]
    wait_for_row(world, key, state="archived")
    world.settle_and_check()
    primary, _ = world.primary_and_secondary()
    wait_until(lambda: escapes(world) == before + 1, 5.0, "it is counted", every_s=0.1)
    assert key in wait_for_finding(primary, "late_escape")["what"]
    assert "by a look-back" in tandem(world, "item", "why", key).stdout


def test_masses_of_one_instant_on_both_sides_of_a_page_boundary_are_all_archived(world):
    # A little in the future, so that no poll has passed the instant when they appear.
    stamp_us = (world.admin.clock()["service_us"] // 1_000_000 + 3) * 1_000_000
    world.place(*[{"recordings": [{"stamp_us": stamp_us}], "ends_in_s": 1.0}] * 35)
    world.settle_and_check()
    stamps = [item.changed_us for item in world.admin.truth()]
    assert stamps.count(stamp_us) == 35


def test_rows_that_are_modified_twice_or_listed_twice_are_archived_once(world):
    world.admin.add_fault("repeat_rows", count=20)
    keys = world.place(*[{"recordings": [{"bumps_s": (0.2, 1.5, 2.5)}]}] * 5)
    for key in keys:
        wait_for_row(world, key, state="archived")
    stamps = {item.key: item.changed_us for item in world.admin.truth()}
    wait_until(
        lambda: any(
            item.changed_us > stamps[item.key] for item in world.admin.truth() if item.key in keys
        ),
        10.0,
        "they are modified after they were archived",
        every_s=0.1,
    )
    world.settle_and_check()
    world.admin.clear_faults()


def test_recordings_that_appear_out_of_order_are_all_archived(world):
    world.place(
        *[
            {"recordings": [{"backdate_s": 0.6 * number, "row_delay_s": 0.1}], "ends_in_s": -number}
            for number in range(8)
        ]
    )
    world.settle_and_check()


def test_several_recordings_of_a_conversation_make_one_contact(world):
    keys = world.place({"recordings": [{}, {"row_delay_s": 1.5}, {"row_delay_s": 2.5}]})
    world.settle_and_check()
    (contact,) = contacts_of(world, session_of(world, keys[0]))
    assert len(contact.media) == 3
    assert len(contact.interaction_keys) == 1


def test_a_replaced_file_is_a_second_media_object_of_the_same_contact(world):
    key = world.place({"recordings": [{"replace_after_s": 3.0, "audio": 1}]})[0]
    first = wait_for_row(world, key, state="archived")
    wait_until(
        lambda: len([item for item in world.admin.truth() if item.key == key]) == 2,
        10.0,
        "the file is replaced",
        every_s=0.1,
    )
    world.settle_and_check()
    (contact,) = contacts_of(world, session_of(world, key))
    versions = {item.version for item in world.admin.truth() if item.key == key}
    assert {media.media_key.rpartition("/")[2] for media in contact.media} == versions
    assert wait_for_row(world, key, state="archived").ref.version != first.ref.version


def test_a_recording_whose_conversation_was_deleted_is_archived_all_the_same(world):
    key = world.place({"removed_after_s": 0.1, "recordings": [{"row_delay_s": 1.0}]})[0]
    wait_for_row(world, key, state="archived")
    world.settle_and_check()
    (contact,) = contacts_of(world, session_of(world, key))
    assert len(contact.media) == 1


def test_in_the_end_no_finding_is_left_but_the_late_one(world):
    for node in world.nodes:
        wait_until_well(node, "parked_items", "poll_failing", "watermark_stalled")
    assert {code for node in world.nodes for code in world.findings(node)} <= {"late_escape"}
