"""What the contract cannot know: Tapes' own ways."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tandem_tapes.settings import TapesSettings
from tandem_tapes.webhook import HEADER, sign
from tapes_world import TapesWorld

from recorder.errors import BadAnswer, SourceError
from recorder.webhooks import WebhookRequest
from sim.contract.world import listed


@pytest.fixture
def world():
    made = TapesWorld()
    yield made
    made.source.close()


def test_a_recording_that_is_still_uploaded_is_tried_again(world):
    key = world.publish(10)
    world.fake.offer(replace(world.fake.tapes[key], ready=False))
    (ref,) = listed(world, 0, 100)
    with pytest.raises(SourceError) as caught:
        world.source.describe(ref)
    assert caught.value.retryable


def test_a_replaced_recording_is_a_new_version_and_is_noticed_after_a_download(world):
    key = world.publish(10)
    (old,) = listed(world, 0, 100)
    media = world.source.describe(old).media[0]
    world.fake.replace(key, b"ID3 another")
    with pytest.raises(BadAnswer):
        world.source.confirm(old, media)
    (new,) = listed(world, 0, 100)
    assert new.version != old.version
    assert world.source.describe(new).media[0].key != media.key


def test_a_link_to_a_strange_host_is_refused(world):
    world.publish(10)
    (ref,) = listed(world, 0, 100)
    media = world.source.describe(ref).media[0]
    world.fake.url = "https://elsewhere.example"
    with pytest.raises(BadAnswer, match="not allowed"):
        next(world.source.open_media(ref, media))


@pytest.mark.parametrize(
    ("secret", "status", "poll_now"), [("signing-secret", 204, True), ("other", 401, False)]
)
def test_only_a_signed_webhook_is_a_hint(world, secret, status, poll_now):
    world.listen("signing-secret")
    body = b'{"event": "recording.ready"}'
    answer = world.source.hear(WebhookRequest({HEADER: sign(secret, body)}, body))
    assert (answer.status, answer.poll_now) == (status, poll_now)


def test_calls_are_counted_against_the_budget_and_it_is_kept(world):
    before = world.source.budget().used
    world.source.server_time()
    assert world.source.budget().used == before + 1


def test_without_a_secret_no_webhook_is_listened_to(world):
    assert world.source.hear(WebhookRequest({}, b"{}")).status == 403


@pytest.mark.parametrize("wrong", [{"api_key": "s3cret"}, {"url": "ftp://x"}, {"urll": "x"}])
def test_wrong_settings_are_refused(wrong):
    good = {"url": "https://acme.tapes.example", "api_key": "env:TAPES_KEY"}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TapesSettings.model_validate(good | wrong)
