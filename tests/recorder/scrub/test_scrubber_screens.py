"""Screens are read again as files of media are, and told in the same way."""

import pytest

from tests.recorder.scrub.scrubbing import World


@pytest.fixture
def world(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    world = World(folder)
    world.bring("a")
    return world


def test_a_whole_screen_with_its_row_is_nothing_to_tell(world):
    world.bring_screen()
    world.grant()
    world.later(7200)
    assert world.findings() == {}
    assert world.status.summary.unread == 0
    assert world.status.summary.objects == 2


def test_a_screen_with_other_bytes_is_damaged_until_it_is_restored(world):
    path = world.bring_screen()
    body = path.read_bytes()
    path.write_bytes(bytes([body[0] ^ 1]) + body[1:])
    world.grant()
    world.later(600)
    assert set(world.findings()) == {"object_damaged"}
    assert "screens/ab/" in world.findings()["object_damaged"]
    path.write_bytes(body)
    world.later(2 * 3600)
    assert world.findings() == {}


@pytest.mark.parametrize("screen", [True, False])
def test_what_disappears_is_missing_with_the_next_census_and_not_with_the_next_pass(world, screen):
    path = world.bring_screen() if screen else world.bring("b")
    world.grant()
    world.later(600)
    body = path.read_bytes()
    path.unlink()
    world.later(2 * 3600)
    assert set(world.findings()) == {"object_missing"}
    path.write_bytes(body)
    world.later(2 * 3600)
    assert world.findings() == {}
    whats = [what for what, *_ in world.trail.told]
    assert whats == ["scrub_found", "scrub_healed"]


def test_a_screen_that_is_on_no_record_is_a_stray(world):
    world.bring_screen()
    world.screens.parts.clear()
    world.grant()
    world.later(2 * 3600)
    assert set(world.findings()) == {"object_stray"}


def test_an_archive_that_is_not_mounted_says_nothing_of_screens(world):
    path = world.bring_screen()
    world.grant()
    world.later(600)
    path.unlink()
    (world.folder / "dyn" / "a").unlink()
    world.later(2 * 3600)
    assert set(world.findings()) == {"scrub_archive_away"}
