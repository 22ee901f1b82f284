"""What a late mask takes out of the archive is on record, with the holds that it overrode."""

from dataclasses import replace

import pytest

from recorder.errors import DataCenterDown
from recorder.scn.holds_over import HoldsOver
from recorder.stitch.stitching import Result, stitch
from sim.tables.audit import ListedTrail
from tests.recorder.screen.agents import K, event
from tests.recorder.stitch.stitch_node import CONTACT, World

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
    """Ann took a card number for a second."""
    world.events.record([event(K.MASK, 5), event(K.UNMASK, 5.9)])


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
