"""The contract every adapter keeps, over a fake of its service. Issue by issue, worlds join."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from recorder.errors import AuthRefused, ItemGone, SourceError, Throttled, Unreachable
from recorder.model import ItemRef, Window
from tests.contract.source_worlds import WORLDS, SourceWorld

ROOT = Path(__file__).parents[2]
PAGES_MAX = 100


@pytest.fixture(params=sorted(WORLDS))
def world(request):
    made = WORLDS[request.param]()
    yield made
    made.source.close()


def window(world: SourceWorld, from_s: float, to_s: float) -> Window:
    return Window(world.us(from_s), world.us(to_s))


def listed(world: SourceWorld, from_s: float, to_s: float) -> list[ItemRef]:
    asked = window(world, from_s, to_s)
    found: list[ItemRef] = []
    page = None
    for _ in range(PAGES_MAX):
        answer = world.source.list_items(asked, page)
        found += answer.items
        page = answer.next_page
        if page is None:
            return found
    raise AssertionError("endless paging")


def keys(refs: list[ItemRef]) -> list[str]:
    return [ref.key for ref in refs]


def test_every_registered_adapter_has_a_world():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    registered = set(project["entry-points"]["tandem.data_source"])

    assert registered == {make().kind for make in WORLDS.values()}


def test_a_listing_is_paged_to_the_end_oldest_first(world):
    published = [world.publish(10 + second) for second in range(7)]

    refs = listed(world, 0, 100)

    assert keys(refs) == published
    assert [ref.changed_us for ref in refs] == [world.us(10 + second) for second in range(7)]


def test_the_lower_bound_is_closed_and_the_upper_is_open(world):
    at_begin, inside, _at_end = world.publish(10), world.publish(15), world.publish(20)

    assert keys(listed(world, 10, 20)) == [at_begin, inside]


def test_bounds_between_two_seconds_lose_and_double_nothing(world):
    published = [world.publish(second) for second in range(10, 16)]

    halves = listed(world, 9.7, 12.3) + listed(world, 12.3, 15.5)

    assert keys(halves) == published


def test_items_that_share_an_instant_are_all_listed(world):
    published = {world.publish(10) for _ in range(5)}

    assert set(keys(listed(world, 10, 11))) == published
    assert len(listed(world, 10, 11)) == 5


def test_the_same_window_gives_the_same_set_again(world):
    for second in range(6):
        world.publish(10 + second)

    assert listed(world, 0, 100) == listed(world, 0, 100)


def test_an_item_that_appears_late_is_seen_by_a_later_overlap(world):
    early = world.publish(10)
    assert keys(listed(world, 0, 100)) == [early]

    late = world.publish(5)

    assert set(keys(listed(world, 0, 100))) == {early, late}


def test_an_empty_window_is_one_empty_page(world):
    page = world.source.list_items(window(world, 0, 100), None)

    assert (page.items, page.next_page) == ((), None)


def test_refs_carry_the_source_a_session_and_a_version(world):
    world.publish(10, session=1)
    world.publish(11, session=1)
    world.publish(12)

    first, second, alone = listed(world, 0, 100)

    assert {first.source, second.source, alone.source} == {world.source.name}
    assert first.session_key == second.session_key != alone.session_key
    assert all(ref.session_key and ref.version for ref in (first, second, alone))


def test_a_described_item_has_media_with_a_key_that_stays(world):
    key = world.publish(10)
    (ref,) = listed(world, 0, 100)

    one, again = world.source.describe(ref), world.source.describe(ref)

    assert one == again
    assert one.session_key == ref.session_key
    assert [media.size_bytes for media in one.media] == [len(world.body(key))]
    assert one.media[0].key


@pytest.mark.parametrize("number", [0, 1])
def test_every_way_to_download_gives_the_bytes(world, number):
    key = world.publish(10)
    (ref,) = listed(world, 0, 100)
    (media,) = world.source.describe(ref).media

    request = list(world.source.open_media(ref, media))[number]

    assert world.fetch(request).content == world.body(key)
    assert request.allowed_hosts
    assert request.size_bytes == len(world.body(key))


def test_a_link_is_made_only_when_it_is_asked_for(world):
    world.publish(10)
    (ref,) = listed(world, 0, 100)
    (media,) = world.source.describe(ref).media
    ways = world.source.open_media(ref, media)
    world.expire_links()

    assert world.fetch(next(iter(ways))).status_code == 200


def test_an_expired_link_is_replaced_by_a_new_one(world):
    key = world.publish(10)
    (ref,) = listed(world, 0, 100)
    (media,) = world.source.describe(ref).media
    stale = next(iter(world.source.open_media(ref, media)))
    world.expire_links()

    assert world.fetch(stale).status_code in {401, 403}
    assert world.fetch(next(iter(world.source.open_media(ref, media)))).content == world.body(key)


def test_an_item_that_the_service_deleted_is_gone(world):
    key = world.publish(10)
    (ref,) = listed(world, 0, 100)
    world.delete(key)

    with pytest.raises(ItemGone):
        world.source.describe(ref)


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("17", 17.0),
        ("{+90}", 90.0),
        ("0", 0.0),
        (None, None),
        ("soon", None),
        ("999999999", 3600.0),
    ],
)
def test_429_says_how_long_to_wait_in_every_form(world, header, wait_s):
    world.publish(10)
    listed(world, 0, 100)
    world.throttle(header)

    with pytest.raises(Throttled) as caught:
        world.source.list_items(window(world, 0, 100), None)

    assert caught.value.retry_after_s == wait_s


def test_after_the_wait_the_source_works_again(world):
    world.publish(10)
    listed(world, 0, 100)
    world.throttle("17")
    with pytest.raises(Throttled):
        world.source.list_items(window(world, 0, 100), None)

    world.advance(17)

    assert len(listed(world, 0, 100)) == 1


def test_the_date_form_counts_from_the_services_own_clock(world):
    listed(world, 0, 100)
    world.skew(7200)
    world.throttle("{+30}")

    with pytest.raises(Throttled) as caught:
        world.source.list_items(window(world, 0, 100), None)

    assert caught.value.retry_after_s == 30.0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_unreachable_and_passes(world, status):
    world.publish(10)
    listed(world, 0, 100)
    world.fail(status)

    with pytest.raises(Unreachable):
        world.source.list_items(window(world, 0, 100), None)

    assert len(listed(world, 0, 100)) == 1


def test_refused_credentials_are_the_nodes_own_fault_and_heal(world):
    world.publish(10)
    world.refuse_credentials(True)
    with pytest.raises(AuthRefused) as caught:
        world.source.list_items(window(world, 0, 100), None)
    assert caught.value.hint

    world.refuse_credentials(False)

    assert len(listed(world, 0, 100)) == 1


def test_a_revoked_token_is_renewed_once_on_401(world):
    world.publish(10)
    listed(world, 0, 100)
    before = world.tokens_given()
    world.revoke_tokens()

    assert len(listed(world, 0, 100)) == 1
    assert world.tokens_given() == before + 1


def test_the_services_clock_is_reported_as_it_is(world):
    world.source.server_time()
    world.skew(600)

    time = world.source.server_time()

    assert time.received_ns >= time.sent_ns
    listing = world.source.list_items(window(world, 0, 100), None)
    assert listing.time is not None
    assert abs(listing.time.source_us - time.source_us) <= 2_000_000


def test_check_finds_nothing_wrong_where_nothing_is(world):
    world.publish(10)

    assert [f for f in world.source.check() if f.level != "info"] == []


def test_check_says_what_to_do_about_refused_credentials(world):
    world.refuse_credentials(True)

    (finding,) = world.source.check()

    assert finding.level == "error"
    assert finding.subject.startswith(world.source.name)
    assert finding.hint


@pytest.mark.parametrize("status", [400, 403, 404, 405, 410, 413, 418, 429, 500, 503])
def test_every_failure_is_a_source_error_and_passes(world, status):
    world.publish(10)
    (ref,) = listed(world, 0, 100)
    world.fail(status)

    with pytest.raises(SourceError) as caught:
        world.source.list_items(window(world, 0, 100), None)

    assert str(caught.value)
    assert not isinstance(caught.value, ItemGone)
    assert world.source.describe(ref).media


def test_capabilities_name_a_resolution(world):
    capabilities = world.source.capabilities

    assert capabilities.granularity_us > 0
    assert capabilities.window_max_s > 0
    assert capabilities.page_size_max > 0
