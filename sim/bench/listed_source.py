"""A data source that names files of a web server: the media path without a service's API."""

from __future__ import annotations

from collections.abc import Iterator

from cluster.ports import Clock
from recorder.model import (
    Capabilities,
    Finding,
    Interaction,
    ItemRef,
    MediaKind,
    MediaRef,
    Page,
    Party,
    Segment,
    SourceTime,
    Window,
)
from recorder.ports.recording import MediaRequest

NAME = "listed"
HOST = "127.0.0.1"
"""Where the files are served."""
_SECOND_US = 1_000_000
_START_US = 1_700_000_000 * _SECOND_US
_TALK_US = 30 * _SECOND_US


def file_name(number: int) -> str:
    """Of the file with this number, from 0."""
    return f"{number:05}.mp3"


class ListedSource:
    """Implements recorder.ports.recording.DataSource: item n is the file n at `url`, in a call of its own.

    There are `files` of them; beyond, they come again as other items.
    """

    def __init__(self, *, url: str, files: int, size_bytes: int, clock: Clock) -> None:
        self._url = url
        self._files = files
        self._size_bytes = size_bytes
        self._clock = clock

    @property
    def name(self) -> str:
        """As in the Data Center."""
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        """Of no interest here."""
        return Capabilities(86_400.0, 5_000, _SECOND_US, None)

    def item(self, number: int) -> ItemRef:
        """The item of one file."""
        key = f"{number:08x}"
        return ItemRef(NAME, key, f"v-{key}", _START_US + number * _SECOND_US, f"call-{key}")

    def server_time(self) -> SourceTime:
        """This machine's."""
        now_ns = self._clock.monotonic_ns()
        return SourceTime(self._clock.wall_us(), now_ns, now_ns)

    def list_items(self, window: Window, page: str | None) -> Page:
        """Nothing: the benchmark gives the items out itself."""
        del window, page
        return Page((), None, None)

    def describe(self, ref: ItemRef) -> Interaction:
        """A call of two parties with one recording."""
        started_us = ref.changed_us
        parties = (
            Party(f"{ref.key}-c", "customer", number="+15550100"),
            Party(f"{ref.key}-a", "agent", name="Agent"),
        )
        media = MediaRef(
            key=f"file-{ref.key}",
            kind=MediaKind.AUDIO,
            file_name=file_name(int(ref.key, 16) % self._files),
            media_type="audio/mpeg",
            size_bytes=self._size_bytes,
            started_us=started_us,
        )
        segment = Segment(
            f"{ref.key}-s",
            started_us,
            started_us + _TALK_US,
            party_keys=tuple(party.key for party in parties),
        )
        return Interaction(
            key=ref.key,
            session_key=ref.session_key,
            channel="voice",
            direction="inbound",
            started_us=started_us,
            ended_us=started_us + _TALK_US,
            parties=parties,
            segments=(segment,),
            media=(media,),
        )

    def open_media(self, ref: ItemRef, media: MediaRef) -> Iterator[MediaRequest]:
        """The file's address."""
        del ref
        yield MediaRequest(
            url=f"{self._url}{media.file_name}",
            allowed_hosts=(HOST,),
            size_bytes=media.size_bytes,
        )

    def confirm(self, ref: ItemRef, media: MediaRef) -> None:
        """Nothing is ever replaced."""

    def check(self) -> tuple[Finding, ...]:
        """Always well."""
        return ()

    def close(self) -> None:
        """Nothing is held."""
