"""What every data source says when its service does not do as it should."""

from __future__ import annotations

from typing import Literal

import pytest

from recorder.errors import (
    AuthRefused,
    ItemGone,
    SourceError,
    Throttled,
    Unreachable,
)
from recorder.webhooks import WebhookRequest
from sim.contract.world import SourceWorld, listed, window


class TroublesContract:
    """Each trouble is a SourceError of the right kind, and passes with its cause."""

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
    def test_429_says_how_long_to_wait_in_every_form(
        self, world: SourceWorld, header: str | None, wait_s: float | None
    ) -> None:
        world.publish(10)
        listed(world, 0, 100)
        world.throttle(header)

        with pytest.raises(Throttled) as caught:
            world.source.list_items(window(world, 0, 100), None)

        assert caught.value.retry_after_s == wait_s

    def test_after_the_wait_the_source_works_again(self, world: SourceWorld) -> None:
        world.publish(10)
        listed(world, 0, 100)
        world.throttle("17")
        with pytest.raises(Throttled):
            world.source.list_items(window(world, 0, 100), None)

        world.advance(17)

        assert len(listed(world, 0, 100)) == 1

    def test_the_date_form_counts_from_the_services_own_clock(self, world: SourceWorld) -> None:
        listed(world, 0, 100)
        world.skew(7200)
        world.throttle("{+30}")

        with pytest.raises(Throttled) as caught:
            world.source.list_items(window(world, 0, 100), None)

        assert caught.value.retry_after_s == 30.0

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_server_error_is_unreachable_and_passes(
        self, world: SourceWorld, status: int
    ) -> None:
        world.publish(10)
        listed(world, 0, 100)
        world.fail(status)

        with pytest.raises(Unreachable):
            world.source.list_items(window(world, 0, 100), None)

        assert len(listed(world, 0, 100)) == 1

    def test_a_call_that_is_never_answered_is_unreachable_and_passes(
        self, world: SourceWorld
    ) -> None:
        world.publish(10)
        listed(world, 0, 100)
        world.stall()

        with pytest.raises(Unreachable):
            world.source.list_items(window(world, 0, 100), None)

        assert len(listed(world, 0, 100)) == 1

    @pytest.mark.parametrize("how", ["body", "connection"])
    def test_an_answer_that_ends_in_its_middle_is_no_listing_and_passes(
        self, world: SourceWorld, how: Literal["body", "connection"]
    ) -> None:
        world.publish(10)
        listed(world, 0, 100)
        world.truncate(how)

        with pytest.raises(SourceError) as caught:
            world.source.list_items(window(world, 0, 100), None)

        assert not isinstance(caught.value, ItemGone)
        assert len(listed(world, 0, 100)) == 1

    @pytest.mark.parametrize("status", [400, 403, 404, 405, 410, 413, 418, 429, 500, 503])
    def test_every_failure_is_a_source_error_and_passes(
        self, world: SourceWorld, status: int
    ) -> None:
        world.publish(10)
        (ref,) = listed(world, 0, 100)
        world.fail(status)

        with pytest.raises(SourceError) as caught:
            world.source.list_items(window(world, 0, 100), None)

        assert str(caught.value)
        assert not isinstance(caught.value, ItemGone)
        assert world.source.describe(ref).media

    def test_refused_credentials_are_the_nodes_own_fault_and_heal(self, world: SourceWorld) -> None:
        world.publish(10)
        world.refuse_credentials(True)  # noqa: FBT003 - a state
        with pytest.raises(AuthRefused) as caught:
            world.source.list_items(window(world, 0, 100), None)
        assert caught.value.hint

        world.refuse_credentials(False)  # noqa: FBT003

        assert len(listed(world, 0, 100)) == 1

    def test_a_revoked_token_is_renewed_once_on_401(self, world: SourceWorld) -> None:
        if "tokens" in world.lacks:
            pytest.skip("this service gives out no tokens")
        world.publish(10)
        listed(world, 0, 100)
        before = world.tokens_given()
        world.revoke_tokens()

        assert len(listed(world, 0, 100)) == 1
        assert world.tokens_given() == before + 1


class WebhookContract:
    """A message that services send by themselves is a hint, if it is theirs."""

    def test_a_message_without_a_signature_is_refused_and_hints_at_nothing(
        self, world: SourceWorld
    ) -> None:
        hear = getattr(world.source, "hear", None)
        if hear is None:
            pytest.skip("this source hears no messages")

        answer = hear(WebhookRequest({}, b'{"event": "recording.ready"}'))

        assert 400 <= answer.status < 500
        assert not answer.poll_now


class CheckContract:
    """`check` tells an operator what is wrong and what to do, and no secret."""

    def test_check_finds_nothing_wrong_where_nothing_is(self, world: SourceWorld) -> None:
        world.publish(10)

        assert [f for f in world.source.check() if f.level != "info"] == []

    def test_check_says_what_to_do_about_refused_credentials(self, world: SourceWorld) -> None:
        world.refuse_credentials(True)  # noqa: FBT003 - a state

        (finding,) = world.source.check()

        assert finding.level == "error"
        assert finding.subject.startswith(world.source.name)
        assert finding.hint

    def test_nothing_it_says_holds_a_secret(self, world: SourceWorld) -> None:
        world.publish(10)
        (ref,) = listed(world, 0, 100)
        media = world.source.describe(ref).media[0]
        said = [repr(world.source), repr(ref)]
        said += [repr(way) for way in world.source.open_media(ref, media)]
        world.refuse_credentials(True)  # noqa: FBT003 - a state
        with pytest.raises(SourceError) as caught:
            world.source.list_items(window(world, 0, 100), None)
        said += [str(caught.value), repr(caught.value), caught.value.hint]
        said += [repr(finding) for finding in world.source.check()]

        assert [secret for secret in world.secrets for text in said if secret in text] == []
