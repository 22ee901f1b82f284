"""What every data source promises of an item's description and its media."""

from __future__ import annotations

import pytest

from recorder.errors import (
    AuthRefused,
    ItemGone,
    LinkExpired,
    SourceError,
    Stalled,
    Truncated,
    Unreachable,
)
from recorder.model import ItemRef, MediaRef
from sim.contract.world import Bytes, SourceWorld, download, listed


def described(world: SourceWorld) -> tuple[ItemRef, MediaRef]:
    """The only item there is, and its first medium."""
    (ref,) = listed(world, 0, 100)
    return ref, world.source.describe(ref).media[0]


class MediaContract:
    """Every way to download gives the very bytes, or says why not."""

    def test_a_described_item_has_media_with_a_key_that_stays(self, world: SourceWorld) -> None:
        key = world.publish(10)
        (ref,) = listed(world, 0, 100)

        one, again = world.source.describe(ref), world.source.describe(ref)

        assert one == again
        assert one.session_key == ref.session_key
        assert one.media[0].key
        assert one.media[0].size_bytes in {None, len(world.body(key))}

    def test_media_of_different_items_have_different_keys(self, world: SourceWorld) -> None:
        for second in range(3):
            world.publish(10 + second, session=1)

        refs = listed(world, 0, 100)
        media = [media.key for ref in refs for media in world.source.describe(ref).media]

        assert len(media) == len(set(media)) >= 3

    def test_every_way_to_download_gives_the_bytes(self, world: SourceWorld) -> None:
        key = world.publish(10)
        ref, media = described(world)

        for request in world.source.open_media(ref, media):
            assert download(world, request) == world.body(key)
            assert request.size_bytes in {None, len(world.body(key))}

    def test_there_is_a_way_and_it_names_hosts(self, world: SourceWorld) -> None:
        world.publish(10)
        ways = list(world.source.open_media(*described(world)))

        assert ways
        assert all(way.allowed_hosts for way in ways)

    def test_a_link_is_made_only_when_it_is_asked_for(self, world: SourceWorld) -> None:
        key = world.publish(10)
        ways = world.source.open_media(*described(world))
        world.expire_links()

        assert download(world, next(iter(ways))) == world.body(key)

    def test_an_expired_link_says_so_and_a_new_one_serves(self, world: SourceWorld) -> None:
        if "links" in world.lacks:
            pytest.skip("a download of this service never expires")
        key = world.publish(10)
        ref, media = described(world)
        stale = next(iter(world.source.open_media(ref, media)))
        world.expire_links()

        with pytest.raises((LinkExpired, AuthRefused)):
            download(world, stale)

        assert download(world, next(iter(world.source.open_media(ref, media)))) == world.body(key)

    @pytest.mark.parametrize(("how", "error"), [("cut", Truncated), ("stall", Stalled)])
    def test_a_download_that_broke_off_goes_on_to_the_very_bytes(
        self, world: SourceWorld, how: str, error: type[SourceError]
    ) -> None:
        key = world.publish(10)
        ref, media = described(world)
        sink = Bytes()
        world.spoil_download("cut" if how == "cut" else "stall")

        with pytest.raises(error):
            download(world, next(iter(world.source.open_media(ref, media))), sink)
        assert sink.offset < len(world.body(key))

        again = next(iter(world.source.open_media(ref, media)))
        assert download(world, again, sink) == world.body(key)

    def test_an_item_that_the_service_deleted_is_gone(self, world: SourceWorld) -> None:
        key = world.publish(10)
        (ref,) = listed(world, 0, 100)
        world.delete(key)

        with pytest.raises(ItemGone):
            world.source.describe(ref)

    def test_a_file_that_was_deleted_meanwhile_is_no_download(self, world: SourceWorld) -> None:
        key = world.publish(10)
        ref, media = described(world)
        world.delete(key)

        with pytest.raises(SourceError):
            download(world, list(world.source.open_media(ref, media))[-1])

    def test_what_was_downloaded_is_confirmed(self, world: SourceWorld) -> None:
        key = world.publish(10)
        ref, media = described(world)
        world.source.confirm(ref, media)
        world.delete(key)

        world.source.confirm(ref, media)

    def test_a_service_that_is_away_is_asked_to_confirm_again(self, world: SourceWorld) -> None:
        world.publish(10)
        ref, media = described(world)
        world.fail(503)

        try:
            world.source.confirm(ref, media)
        except Unreachable:
            world.source.confirm(ref, media)
