"""What changes while a rendition is made: a contact is deleted, a mask becomes known, another node makes it too."""

import pytest

from recorder.errors import DataCenterDown
from recorder.scn.rendition_keys import prefix_of
from recorder.stitch.stitching import Result, stitch
from recorder.traps import TrapSprung
from sim.tables.screens import MemoryScreenDb
from tests.recorder.screen.agents import K, event
from tests.recorder.stitch.stitch_node import CONTACT, HereStudio, World


class MaskedMeanwhile(HereStudio):
    """A mask is told while the program is at work; `then` is done after it."""

    def __init__(self, directory, world, then=lambda: None):
        super().__init__(directory)
        self.world, self.then = world, then

    def make(self, plan, prefix, archive):
        made = super().make(plan, prefix, archive)
        self.world.events.record([event(K.MASK, 5), event(K.UNMASK, 7)])
        self.then()
        return made


class Unheard(MemoryScreenDb):
    """Writes what it is told, and answers no more."""

    def record_rendition(self, rendition):
        super().record_rendition(rendition)
        raise DataCenterDown("no answer")


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "world")
    made.add_call()
    made.add_screen()
    return made


def stitched(world, **more):
    return stitch(world.tools(**more), CONTACT, complete=False)


def renditions(world):
    """Those whose object is there, by number."""
    archive = world.archive()
    rows = world.screens.renditions(CONTACT)
    return [one.number for one in rows if archive.info(one.object_key) is not None]


def test_what_shows_a_mask_that_was_told_meanwhile_is_taken_away_and_made_again(world):
    studio = MaskedMeanwhile(world.directory / "s", world)
    assert stitched(world, studio=studio).result is Result.STALE
    assert renditions(world) == []
    assert stitched(world).result is Result.MADE
    assert renditions(world) == [2]


def test_a_node_that_is_slow_leaves_nothing_masked_behind_what_the_other_made_of_the_mask(world):
    def the_other_is_quicker():
        assert stitched(world, node="beta").result is Result.MADE

    studio = MaskedMeanwhile(world.directory / "s", world, the_other_is_quicker)
    assert stitched(world, studio=studio).result is Result.STALE
    assert renditions(world) == [1]
    assert stitched(world).result is Result.READY


def test_what_a_node_that_died_left_behind_of_a_mask_goes_with_the_next_look(world):
    tools = world.tools(
        studio=MaskedMeanwhile(world.directory / "s", world, lambda: stitched(world, node="beta")),
        screens=Unheard(world.tables),
    )
    with pytest.raises(DataCenterDown):
        stitch(tools, CONTACT, complete=False)
    assert renditions(world) == [1, 2]
    assert stitched(world).result is Result.READY
    assert renditions(world) == [1]


def test_a_contact_that_is_gone_at_the_second_try_leaves_nothing_of_the_first(world):

    def trap(name):
        if name == "commit":
            raise TrapSprung(name)

    with pytest.raises(TrapSprung):
        stitched(world, trap=trap)
    assert world.objects(prefix_of(CONTACT))
    world.contacts.details.clear()
    assert stitched(world).result is Result.GONE
    assert world.objects() == []
