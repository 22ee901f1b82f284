"""What every data source promises of its listings."""

from __future__ import annotations

import pytest

from recorder.errors import SourceError
from recorder.model import ItemRef
from sim.contract.world import SourceWorld, listed, window


def keys(refs: list[ItemRef]) -> list[str]:
    """Keys in order of time, of items with instants of their own."""
    return [ref.key for ref in refs]


class ListingContract:
    """A window gives every item in it, and no other, again and again."""

    def test_a_listing_is_paged_to_the_end(self, world: SourceWorld) -> None:
        published = [world.publish(10 + second) for second in range(7)]

        refs = listed(world, 0, 100)

        assert keys(refs) == published
        assert [ref.changed_us for ref in refs] == [world.us(10 + second) for second in range(7)]

    def test_the_lower_bound_is_closed_and_the_upper_is_open(self, world: SourceWorld) -> None:
        at_begin, inside, _at_end = world.publish(10), world.publish(15), world.publish(20)

        assert keys(listed(world, 10, 20)) == [at_begin, inside]

    def test_bounds_between_two_seconds_lose_and_double_nothing(self, world: SourceWorld) -> None:
        published = [world.publish(second) for second in range(10, 16)]

        halves = listed(world, 9.7, 12.3) + listed(world, 12.3, 15.5)

        assert keys(halves) == published

    def test_items_that_share_an_instant_are_all_listed(self, world: SourceWorld) -> None:
        published = {world.publish(10) for _ in range(5)}

        assert set(keys(listed(world, 10, 11))) == published
        assert len(listed(world, 10, 11)) == 5

    def test_the_same_window_gives_the_same_set_again(self, world: SourceWorld) -> None:
        for second in range(6):
            world.publish(10 + second)

        assert listed(world, 0, 100) == listed(world, 0, 100)

    def test_an_item_that_appears_late_is_seen_by_a_later_overlap(self, world: SourceWorld) -> None:
        early = world.publish(10)
        assert keys(listed(world, 0, 100)) == [early]

        late = world.publish(5)

        assert keys(listed(world, 0, 100)) == [late, early]

    def test_the_widest_window_it_offers_is_listed(self, world: SourceWorld) -> None:
        key = world.publish(10)
        wide_s = world.source.capabilities.window_max_s

        assert keys(listed(world, 100 - wide_s, 100)) == [key]

    def test_an_empty_window_is_empty_pages_that_end(self, world: SourceWorld) -> None:
        assert listed(world, 0, 100) == []

    def test_refs_carry_the_source_a_session_and_a_version(self, world: SourceWorld) -> None:
        world.publish(10, session=1)
        world.publish(11, session=1)
        world.publish(12)

        first, second, alone = listed(world, 0, 100)

        assert {first.source, second.source, alone.source} == {world.source.name}
        assert first.session_key == second.session_key != alone.session_key
        assert all(ref.session_key and ref.version for ref in (first, second, alone))

    def test_a_page_token_that_it_never_gave_is_a_source_error(self, world: SourceWorld) -> None:
        with pytest.raises(SourceError):
            world.source.list_items(window(world, 0, 100), "no token of yours")

    def test_a_listing_tells_the_services_clock(self, world: SourceWorld) -> None:
        world.source.server_time()
        world.skew(600)

        time = world.source.server_time()
        listing = world.source.list_items(window(world, 0, 100), None)

        assert time.received_ns >= time.sent_ns
        assert listing.time is not None
        assert abs(listing.time.source_us - time.source_us) <= 2_000_000

    def test_a_skewed_clock_moves_no_window(self, world: SourceWorld) -> None:
        published = [world.publish(second) for second in (10, 15)]
        world.skew(600)

        assert keys(listed(world, 10, 20)) == published

    def test_capabilities_name_a_resolution(self, world: SourceWorld) -> None:
        capabilities = world.source.capabilities

        assert capabilities.granularity_us > 0
        assert capabilities.window_max_s > 0
        assert capabilities.page_size_max > 0
