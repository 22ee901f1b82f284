"""Webex Calling in a world: an organisation for each source, with calls, transcripts and a recycle bin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from recorder.adapters.webex.plugin import PLUGIN
from sim.ucaas.http import Request
from sim.ucaas.webex.manners import WEBEX
from sim.ucaas.webex.mix import CallMix, MixOptions
from sim.ucaas.webex.oauth import ClientApp
from sim.ucaas.webex.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.webex.service import FakeWebex
from sim.world.incident import Workload
from sim.world.kinds.kind import (
    Birth,
    Kind,
    Talk,
    client_id,
    client_secret,
    hook_secret,
    with_true_bytes,
)
from sim.world.kinds.sounds import sounds

NAME: Final = "webex"
_HOOK_URL: Final = "https://recorder.example/api/recording/cti/v1/WebexCallingAdapter"


def _hosts(source: str) -> tuple[str, str, str, str]:
    """Of the API, the call history, the files, and of a stranger."""
    number = source.removeprefix(NAME)
    return (
        f"webexapis{number}.com",
        f"analytics-calling.webexapis{number}.com",
        f"nsq{number or 1}wss.dmz.webex.com",
        f"elsewhere-{source}.invalid",
    )


def table(source: str, node: str) -> Mapping[str, Any]:
    """See Kind."""
    api, history, _, _ = _hosts(source)
    return {
        "kind": NAME,
        "client_id": client_id(node),
        "client_secret": f"value:{client_secret(node)}",
        "refresh_token": f"value:{_refresh_token(node)}",
        "api_url": f"https://{api}",
        "cdr_url": f"https://{history}",
        "retention_days": 30,
        "webhook_secret": f"value:{hook_secret(source)}",
        "contact_center_secret": f"value:{hook_secret(source)}",
    }


def _refresh_token(node: str) -> str:
    return f"refresh-of-{node}"


def serves(source: str, url: httpx.URL) -> bool:
    """See Kind."""
    return url.host in _hosts(source)


class WebexCalls:
    """An organisation and its calls."""

    def __init__(self, birth: Birth) -> None:
        api, history, files, elsewhere = _hosts(birth.source)
        self.fake = FakeWebex(
            now_us=birth.now_us,
            monotonic_ns=birth.monotonic_ns,
            clients=[
                ClientApp(client_id(node), client_secret(node), _refresh_token(node))
                for node in birth.nodes
            ],
            seed=birth.seed,
            source=birth.source,
            api_url=f"https://{api}",
            history_url=f"https://{history}",
            files_url=f"https://{files}",
            elsewhere_url=f"https://{elsewhere}",
            on_arrival=birth.on_arrival,
        )
        self.posting = None
        if birth.workload.hints:
            self.posting = self.fake
            self._subscribe(birth, api)
        self._mix = CallMix(bank=sounds(), seed=birth.seed, options=_options(birth.workload))
        self._rate = birth.workload.calls_per_minute

    def _subscribe(self, birth: Birth, host: str) -> None:
        """As an administrator does once: the service is to tell of new recordings."""
        node = birth.nodes[0]
        form = {
            "grant_type": "refresh_token",
            "client_id": client_id(node),
            "client_secret": client_secret(node),
            "refresh_token": _refresh_token(node),
        }
        given = self.fake.handle(
            Request("POST", "https", host, "/v1/access_token", body=urlencode(form).encode())
        )
        token = json.loads(given.content.joined())["access_token"]
        hook = {
            "name": "recorder",
            "targetUrl": _HOOK_URL,
            "resource": "convergedRecordings",
            "event": "all",
            "ownedBy": "org",
            "secret": hook_secret(birth.source),
        }
        made = self.fake.handle(
            Request(
                *("POST", "https", host, "/v1/webhooks"),
                headers={"authorization": f"Bearer {token}"},
                body=json.dumps(hook).encode(),
            )
        )
        assert made.status in {200, 201}, "the fake takes a webhook"

    def begin(self) -> None:
        """See Born."""
        self.fake.feed(self._mix, self._rate)

    def end(self) -> None:
        """See Born."""
        self.fake.feed(None, 0.0)

    def record(self, talk: Talk) -> bool:
        """See Born."""
        bank, last = sounds(), len(talk.sounds) - 1
        recordings = tuple(
            RecordingScript(
                audio=bank[number], create_delay_s=talk.late_s if place == last else 1.0
            )
            for place, number in enumerate(talk.sounds)
        )
        legs = (Leg(seconds=talk.seconds),)
        self.fake.place([CallScript(talk.end_us, legs, recordings, session=talk.key)])
        return True


def _options(workload: Workload) -> MixOptions:
    """A file never changes here: instead of being replaced a recording gets another owner, or is binned."""
    return MixOptions(
        late=workload.late,
        late_s=workload.late_s,
        deleted=workload.deleted,
        trashed=workload.replaced,
        reassigned=workload.bump,
        unrecorded=workload.unrecorded,
        second_recording=workload.second_recording,
        equal_stamps=workload.equal_stamps,
    )


KIND: Final = Kind(
    name=NAME,
    plugin=PLUGIN,
    table=table,
    born=WebexCalls,
    serves=serves,
    manners=with_true_bytes(WEBEX),
)
