"""What an administrator should mend: app, scopes, archiving, clock, hosts, files that do not get ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import httpx

from cluster.ports import Clock
from recorder.adapters.http.clock_offset import clock_findings
from recorder.adapters.http.errors import safe_text
from recorder.adapters.http.values import int_or_none
from recorder.adapters.zoom.api import ScopeMissing, ZoomApi
from recorder.adapters.zoom.listing import MEETING, UNREADABLE, items_of
from recorder.errors import AuthRefused, BadAnswer, ItemGone, SourceError, Throttled, Unreachable
from recorder.model import Finding, ItemRef, Level, Window

_CLOCK_HINT = "Set up NTP on this node; webhooks are refused while it is off."
_SECOND_US = 1_000_000
_WEEK_US = 7 * 86_400 * _SECOND_US
_LONG_US = 6 * 3600 * _SECOND_US
"""A meeting is usually archived within minutes to a few hours."""


def check(
    *, name: str, api: ZoomApi, clock: Clock, is_usable: Callable[[str], bool]
) -> tuple[Finding, ...]:
    """All findings of one source; a failure of a step that others need ends the check there."""
    try:
        time = api.time()
    except BadAnswer as error:
        return (_no_clock(name, error),)
    except SourceError as error:
        return (_no_entry(name, error),)
    found = clock_findings(name, time, clock, hint=_CLOCK_HINT)
    window = Window(time.source_us - _WEEK_US, time.source_us)
    try:
        refs = items_of(name, api.page(window, None).rows, window)
        found += _unreadable(name, refs)
        found += _newest(name, refs, api, is_usable)
        found += _unfinished(name, api, window)
    except SourceError as error:
        found.append(_no_entry(name, error))
    return tuple(found)


def _no_entry(name: str, error: SourceError) -> Finding:
    """The finding of an error that ends the check."""
    match error:
        case AuthRefused():
            code = "token_refused" if error.code == AuthRefused.code else error.code
            level = Level.ERROR
        case Throttled():
            code, level = "throttled", Level.WARNING
        case Unreachable():
            code, level = "unreachable", Level.ERROR
        case _:
            code, level = "check_failed", Level.ERROR
    hint = (
        error.hint or "Run the check again; if it stays, look at `api_url` and Zoom's status page."
    )
    return Finding(code, level, name, str(error), hint)


def _no_clock(name: str, error: BadAnswer) -> Finding:
    hint = error.hint or "Look for a proxy in between that strips or invents answers."
    return Finding("check_failed", Level.ERROR, name, str(error), hint)


def _unreadable(name: str, refs: tuple[ItemRef, ...]) -> list[Finding]:
    broken = [ref.hints[UNREADABLE] for ref in refs if UNREADABLE in ref.hints]
    if not broken:
        return []
    what = f"{len(broken)} of {len(refs)} files cannot be read, the first: {broken[0]}"
    hint = "They are parked and tried again; look at the meetings in the account's archive."
    return [Finding("recording_unreadable", Level.WARNING, name, what, hint)]


def _newest(
    name: str, refs: tuple[ItemRef, ...], api: ZoomApi, is_usable: Callable[[str], bool]
) -> list[Finding]:
    """Try what a download needs on the meeting that was archived last."""
    asked = [ref for ref in refs if MEETING in ref.hints]
    if not asked:
        what = "no archived file of the last seven days is visible"
        hint = (
            "Either nothing was archived, or archiving is not switched on for the account, its groups or "
            "users: see docs/zoom.md."
        )
        return [Finding("nothing_visible", Level.WARNING, name, what, hint)]
    last = max(asked, key=lambda ref: ref.changed_us)
    try:
        meeting = api.meeting(last.hints[MEETING])
    except ScopeMissing as error:
        what = f"files cannot be fetched: {error}"
        return [Finding(error.code, Level.ERROR, name, what, error.hint)]
    except ItemGone:
        return []
    strange = sorted(
        {
            _host(file.download_url)
            for file in meeting.files
            if file.download_url and not is_usable(file.download_url)
        }
    )
    hint = "Add the host to `media_hosts` if it is Zoom's own."
    return [
        Finding(
            "media_host_not_allowed",
            Level.ERROR,
            f"{name}/{host}",
            f"files are offered at {host}, where downloads may not go",
            hint,
        )
        for host in strange
    ]


def _host(address: str) -> str:
    try:
        return safe_text(httpx.URL(address).host, 100) or "an address without a host"
    except (httpx.InvalidURL, ValueError):
        return "an address that is none"


def _unfinished(name: str, api: ZoomApi, week: Window) -> list[Finding]:
    """Files of meetings hours ago that are not ready, or never will be."""
    try:
        counts = api.statistics(Window(week.from_us, week.to_us - _LONG_US))
    except (ScopeMissing, BadAnswer) as error:
        what = f"the service's own count of files cannot be read: {error}"
        hint = error.hint or "Only this check needs it."
        return [Finding("statistics_unreadable", Level.INFO, name, what, hint)]
    states = counts.get("statistic_by_file_status")
    by_state: dict[str, Any] = cast("dict[str, Any]", states) if isinstance(states, dict) else {}
    processing = int_or_none(by_state.get("processing_file_count")) or 0
    failed = int_or_none(by_state.get("failed_file_count")) or 0
    found: list[Finding] = []
    if processing > 0:
        what = f"{processing} files older than six hours are still processed by the service"
        hint = "They hold the watermark for a day, then they are parked; ask Zoom Support if they stay."
        found.append(Finding("files_processing_long", Level.WARNING, name, what, hint))
    if failed > 0:
        what = f"the service failed to archive {failed} files of the last seven days"
        hint = "They become not recordable with that reason; ask Zoom Support for the cause."
        found.append(Finding("files_failed", Level.INFO, name, what, hint))
    return found
