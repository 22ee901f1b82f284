"""Download links of a recording, and what it means that there are none. Pure."""

from __future__ import annotations

from typing import Final

from recorder.adapters.http.fields import is_usable
from recorder.adapters.webex.interaction import AUDIO, TRANSCRIPT
from recorder.adapters.webex.records import Recording
from recorder.adapters.webex.settings import WebexSettings
from recorder.errors import BadAnswer, NotReady, RedirectRefused, SourceError
from recorder.model import MediaRef

COMPLIANCE_HINT: Final = (
    "Have a compliance officer authorise the service app with the scope spark-compliance:recordings_read; an "
    "administrator's token sees the list but gets no download links."
)


class NoLink(SourceError):
    """Raised when a recording is there and offers no way to download it."""

    code = "no_download_link"


def audio_link(recording: Recording, settings: WebexSettings) -> str:
    """Where the sound is. Raises NotReady, NoLink, RedirectRefused."""
    if recording.size_bytes == 0:
        raise NotReady(
            "the recording is listed, its file is not there yet",
            hint="The service makes the file after the call; it is tried again.",
        )
    return _checked(recording, recording.links.audio, settings)


def link_to(recording: Recording, media: MediaRef, settings: WebexSettings) -> str:
    """Where a file of a recording is. Raises NotReady, NoLink, RedirectRefused."""
    if media.key.rpartition("/")[2] == AUDIO:
        return audio_link(recording, settings)
    return _checked(recording, recording.links.transcript, settings)


def has_transcript(recording: Recording, settings: WebexSettings) -> bool:
    """Whether there is one, wanted, at a host that is allowed: it must not cost the sound."""
    link = recording.links.transcript
    return settings.transcripts and bool(link) and _is_allowed(link, settings)


def same_size(recording: Recording, media: MediaRef) -> None:
    """Raises BadAnswer for another size than described: all that tells one file from another."""
    if media.key.rpartition("/")[2] == TRANSCRIPT or media.size_bytes is None:
        return
    if recording.size_bytes not in {media.size_bytes, None}:
        raise BadAnswer(
            "the recording's file changed its size since it was described",
            hint="It is described again at the next try.",
        )


def _is_allowed(link: str, settings: WebexSettings) -> bool:
    return is_usable(link, settings.media_hosts, settings.api_url)


def _checked(recording: Recording, link: str, settings: WebexSettings) -> str:
    if not link:
        raise NoLink(
            f"the recording ({recording.status or 'no status'}) offers no download link",
            hint=f"If none does: {COMPLIANCE_HINT} If this one alone: its file is not ready, or "
            "downloading it is prevented.",
        )
    if not _is_allowed(link, settings):
        raise RedirectRefused(
            "the download link leads to a host that is not allowed",
            hint="If the host is the service's own, add it to `media_hosts`.",
        )
    return link
