"""What a late mask takes out of the archive is on record, with the holds that it overrode."""

from dataclasses import replace

import pytest

from recorder.errors import DataCenterDown
from recorder.model import Window
from recorder.scn.holds_over import HoldsOver
from recorder.scn.verdicts import masks_of, pieces
from recorder.scn.webm import ScnReader
from recorder.screen.late_masks import Found, masked_parts
from recorder.screen.legs import fold
from recorder.screen.part_job import PartTools
from recorder.stitch.stitching import Result, stitch
from sim.tables.audit import ListedTrail
from tests.recorder.screen.agents import LIMITS, K, event
from tests.recorder.stitch.stitch_node import CONTACT, NOW, World

HELD = HoldsOver(part=lambda part: (f"H-{part.part_key}",), contact=lambda name: (f"H-{name}",))


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "world")
    made.add_call()
    made.add_screen()
    return made


def stitched(world, trail, holds):
    return stitch(replace(world.tools(), trail=trail, holds=holds), CONTACT, complete=False)


def mask(world):
    """Ann took a card number for a moment."""
    world.events.record([event(K.MASK, 5), event(K.UNMASK, 5.3)])


def test_a_mask_takes_away_what_a_hold_covers_and_says_which_hold(world):
    trail = ListedTrail()
    first = stitched(world, trail, HELD)
    mask(world)
    assert trail.told == []
    assert stitched(world, trail, HELD).result is Result.MADE
    told = {(what, subject): detail for what, subject, _, detail in trail.told}
    assert told == {
        ("screen_masked", "aa01"): {"holds_overridden": ["H-aa01"]},
        ("rendition_masked", CONTACT): {
            "rendition": first.rendition.number,
            "holds_overridden": [f"H-{CONTACT}"],
        },
    }
    assert world.archive().info("screens/aa/aa01.scn") is None


def test_where_no_hold_is_the_record_speaks_of_none(world):
    trail = ListedTrail()
    mask(world)
    stitched(world, trail, HoldsOver())
    assert [detail for what, _, _, detail in trail.told if what == "screen_masked"] == [{}]


def test_holds_that_cannot_be_read_keep_no_picture_and_are_asked_again(world):
    trail = ListedTrail()
    mask(world)

    def away(_part):
        raise DataCenterDown("away")

    with pytest.raises(DataCenterDown):
        stitched(world, trail, HoldsOver(part=away))
    assert world.archive().info("screens/aa/aa01.scn") is None, "the picture goes at once"
    assert world.tables.forgotten == {}
    assert stitched(world, trail, HELD).result is Result.MADE
    assert world.tables.forgotten == {"aa01": "masked"}
    assert [detail for what, _, _, detail in trail.told if what == "screen_masked"] == [
        {"holds_overridden": ["H-aa01"]}
    ]


def test_the_node_that_recorded_the_screen_finds_nothing_left_to_cut_out(world):
    mask(world)
    stitched(world, ListedTrail(), HoldsOver())
    told = world.events.of_agents(["calls/ann"], Window(0, 2**62))
    masks = masks_of(fold(told, LIMITS, NOW).legs)
    tools = PartTools(world.archive(), world.screens)
    found = masked_parts(tools, ListedTrail(), "calls/ann", masks, node="alpha", peers=None)
    assert found == Found((), 0)


def test_it_is_cut_as_that_node_cuts_it_so_that_both_at_once_make_the_same(world):
    mask(world)
    (part,) = world.screens.parts(["calls/ann"], Window(0, 2**62))
    told = world.events.of_agents(["calls/ann"], Window(0, 2**62))
    masks = masks_of(fold(told, LIMITS, NOW).legs)
    with world.archive().open(part.object_key) as file:
        index = tuple(ScnReader(file).index())
    stitched(world, ListedTrail(), HoldsOver())
    became = world.screens.parts(["calls/ann"], Window(0, 2**62))
    ranges = tuple((one.seq_first, one.seq_last) for one in became)
    assert ranges == pieces(index, part.stream, part.offset, masks)


def test_a_rendition_that_builds_on_what_was_masked_in_the_call_before_goes_although_nobody_sees_it(
    tmp_path,
):
    world = World(tmp_path / "world")
    world.add_call()
    world.events.record([event(K.RINGING, 0, call="before"), event(K.CONNECTED, 1, call="before")])
    world.add_screen(rings_s=5)
    first = stitched(world, ListedTrail(), HoldsOver())
    early = [event(K.MASK, 4.1, call="before"), event(K.UNMASK, 4.5, call="before")]
    world.events.record(early)

    second = stitched(world, ListedTrail(), HoldsOver())

    assert (second.result, second.rendition.number) == (Result.MADE, 2)
    assert world.archive().info(first.rendition.object_key) is None
    assert stitched(world, ListedTrail(), HoldsOver()).result is Result.READY
    assert world.archive().info(second.rendition.object_key) is not None


def test_a_rendition_stays_whose_calls_no_late_mask_touches(tmp_path):
    world = World(tmp_path / "world")
    world.add_call()
    world.events.record([event(K.RINGING, 0, call="before"), event(K.CONNECTED, 1, call="before")])
    world.add_screen(rings_s=5)
    first = stitched(world, ListedTrail(), HoldsOver())
    early = [event(K.MASK, 1.1, call="before"), event(K.UNMASK, 1.5, call="before")]
    world.events.record(early)
    world.add_call(files=2, revision=2)

    assert stitched(world, ListedTrail(), HoldsOver()).rendition.number == 2
    assert world.archive().info(first.rendition.object_key) is not None
