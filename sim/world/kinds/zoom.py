"""Zoom Meetings in a world: an account for each source, with rooms, late files and archives in the making."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from recorder.adapters.zoom.plugin import PLUGIN
from sim.ucaas.zoom.manners import ZOOM
from sim.ucaas.zoom.media import plain_bank
from sim.ucaas.zoom.mix import MeetingMix, MixOptions
from sim.ucaas.zoom.oauth import ClientApp
from sim.ucaas.zoom.service import FakeZoom
from sim.ucaas.zoom.webhooks import Subscription
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

NAME: Final = "zoom"
_HOOK_URL: Final = "https://recorder.example/api/recording/cti/v1/ZoomMeetingsAdapter"
_HOOK_SCALE: Final = 0.1
"""A run of five minutes shows what takes an hour and a half."""


def _hosts(source: str) -> tuple[str, str, str, str, str]:
    """Of the API, the tokens, the addresses of files, the files, and of a stranger."""
    number = source.removeprefix(NAME)
    return (
        f"api{number}.zoom.us",
        f"zoom{number}.us",
        f"us0{number or 2}web.zoom.us",
        f"ssrweb{number}.zoom.us",
        f"elsewhere-{source}.invalid",
    )


def table(source: str, node: str) -> Mapping[str, Any]:
    """See Kind."""
    api, oauth, *_ = _hosts(source)
    return {
        "kind": NAME,
        "account_id": _account(source),
        "client_id": client_id(node),
        "client_secret": f"value:{client_secret(node)}",
        "webhook_secret": f"value:{hook_secret(source)}",
        "api_url": f"https://{api}",
        "oauth_url": f"https://{oauth}",
    }


def _account(source: str) -> str:
    return f"account-of-{source}"


def serves(source: str, url: httpx.URL) -> bool:
    """See Kind."""
    return url.host in _hosts(source)


class ZoomMeetings:
    """An account and its meetings."""

    def __init__(self, birth: Birth) -> None:
        api, _, web, files, elsewhere = _hosts(birth.source)
        self.fake = FakeZoom(
            now_us=birth.now_us,
            monotonic_ns=birth.monotonic_ns,
            clients=[ClientApp(client_id(node), client_secret(node)) for node in birth.nodes],
            seed=birth.seed,
            source=birth.source,
            account=_account(birth.source),
            api_url=f"https://{api}",
            web_url=f"https://{web}",
            files_url=f"https://{files}",
            elsewhere_url=f"https://{elsewhere}",
            subscriptions=(Subscription(_HOOK_URL, hook_secret(birth.source), scale=_HOOK_SCALE),)
            if birth.workload.hints
            else (),
            on_arrival=birth.on_arrival,
        )
        self.posting = self.fake if birth.workload.hints else None
        self._mix = MeetingMix(bank=plain_bank(), seed=birth.seed, options=_options(birth.workload))
        self._rate = birth.workload.calls_per_minute

    def begin(self) -> None:
        """See Born."""
        self.fake.feed(self._mix, self._rate)

    def end(self) -> None:
        """See Born."""
        self.fake.feed(None, 0.0)

    def record(self, talk: Talk) -> bool:
        """See Born. Zoom names its meetings itself."""
        del talk
        return False


def _options(workload: Workload) -> MixOptions:
    """Archives are never replaced; what no file comes of is archived in vain for ever."""
    return MixOptions(
        late=workload.late,
        late_s=workload.late_s,
        deleted=workload.deleted,
        unfinished=workload.unrecorded,
        equal_stamps=workload.equal_stamps,
        rooms=workload.rooms,
        slow=workload.processing,
        late_file=workload.late_files,
    )


KIND: Final = Kind(
    name=NAME,
    plugin=PLUGIN,
    table=table,
    born=ZoomMeetings,
    serves=serves,
    manners=with_true_bytes(ZOOM),
)
