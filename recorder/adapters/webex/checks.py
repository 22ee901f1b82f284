"""What an administrator should mend: token, scopes, the compliance officer's right, records, clock."""

from __future__ import annotations

from typing import Final

from cluster.ports import Clock
from recorder.adapters.http.clock_offset import clock_findings
from recorder.adapters.http.refresh_grant import RefreshGrant
from recorder.adapters.http.values import parse
from recorder.adapters.webex.api import (
    NotThere,
    RawPage,
    RightMissing,
    WebexClient,
    WrongRegion,
)
from recorder.adapters.webex.cdr import FETCH_S, CallHistory
from recorder.adapters.webex.links import COMPLIANCE_HINT
from recorder.adapters.webex.listing import key_of
from recorder.adapters.webex.records import Recording
from recorder.errors import AuthRefused, BadAnswer, SourceError, Throttled, Unreachable
from recorder.model import Finding, Level, SourceTime

LIST_PATH: Final = "admin/convergedRecordings"
_REFRESH_ENDS_S: Final = 14 * 86_400.0
_NS: Final = 1_000_000_000


def check(
    *,
    name: str,
    api: WebexClient,
    history: CallHistory | None,
    grant: RefreshGrant,
    clock: Clock,
    statuses: tuple[str, ...],
) -> tuple[Finding, ...]:
    """All findings of one source; a failure of the first step ends the check there."""
    try:
        page = newest(api, statuses[0])
    except SourceError as error:
        return (_no_entry(name, error),)
    found = [*clock_findings(name, page.time, clock), *_token(name, grant, clock)]
    try:
        for status in statuses[1:]:
            found += _status(name, api, status)
        found += _links(name, api, page)
    except SourceError as error:
        found.append(_no_entry(name, error))
    if history is not None:
        found += _records(name, history, page.time, clock)
    return tuple(found)


def newest(api: WebexClient, status: str) -> RawPage:
    """The newest recording of the service's default period: the cheapest call there is."""
    return api.page(api.address(LIST_PATH, {"max": "1", "status": status}))


def _no_entry(name: str, error: SourceError) -> Finding:
    """The finding of an error that ends the check."""
    match error:
        case RightMissing():
            code, level = "right_missing", Level.ERROR
        case AuthRefused():
            code, level = "token_refused", Level.ERROR
        case Throttled():
            code, level = "throttled", Level.WARNING
        case Unreachable():
            code, level = "unreachable", Level.ERROR
        case _:
            code, level = "check_failed", Level.ERROR
    hint = error.hint or "Run the check again; if it stays, look at `api_url`."
    if isinstance(error, RightMissing):
        hint = COMPLIANCE_HINT
    return Finding(code, level, name, str(error), hint)


def _token(name: str, grant: RefreshGrant, clock: Clock) -> list[Finding]:
    found: list[Finding] = []
    if grant.is_rotated and not grant.has_store:
        what = "the service changes the refresh token, and the new one dies with this process"
        hint = "Set `token_file` to a path that only the node's user can read."
        found.append(Finding("refresh_token_rotates", Level.WARNING, name, what, hint))
    if grant.not_saved:
        what = f"the new refresh token could not be written: {grant.not_saved}"
        hint = "Make the folder of `token_file` writable for the node's user."
        found.append(Finding("refresh_token_not_saved", Level.ERROR, name, what, hint))
    if grant.refresh_ends_ns is not None:
        left_s = (grant.refresh_ends_ns - clock.monotonic_ns()) / _NS
        if left_s < _REFRESH_ENDS_S:
            what = f"the refresh token ends in {max(0.0, left_s) / 86_400:.1f} days"
            hint = "Authorise the service app again and put the new refresh token in its place."
            found.append(Finding("refresh_token_ends", Level.WARNING, name, what, hint))
    return found


def _status(name: str, api: WebexClient, status: str) -> list[Finding]:
    try:
        newest(api, status)
    except (Throttled, Unreachable):
        raise
    except SourceError as error:
        what = f"recordings with status {status} cannot be listed, and nothing is polled: {error}"
        hint = f"Set `include_{status} = false`, or give the token the right."
        return [Finding("status_refused", Level.ERROR, f"{name}/{status}", what, hint)]
    return []


def _links(name: str, api: WebexClient, page: RawPage) -> list[Finding]:
    """Rows without links are all that an administrator's token gets."""
    if not page.rows:
        what = "no recording of the last seven days is visible"
        hint = "Either nothing was recorded, or the token's organisation is another one."
        return [Finding("nothing_visible", Level.INFO, name, what, hint)]
    recording_id = key_of(page.rows[0])
    if recording_id is None:
        return [_unreadable(name, "it has no readable id")]
    try:
        body, _ = api.object(f"convergedRecordings/{recording_id}")
        recording = parse(Recording, body)
    except NotThere:
        return []
    except BadAnswer as error:
        return [_unreadable(name, str(error))]
    if recording.links.audio or not recording.size_bytes:
        return []
    what = "the newest recording offers no download link"
    return [Finding("compliance_token_needed", Level.ERROR, name, what, COMPLIANCE_HINT)]


def _unreadable(name: str, why: str) -> Finding:
    hint = "It is parked and tried again; look at it in Control Hub."
    what = f"the newest recording cannot be read: {why}"
    return Finding("recording_unreadable", Level.WARNING, name, what, hint)


def _records(
    name: str, history: CallHistory, time: SourceTime | None, clock: Clock
) -> list[Finding]:
    """Call detail records only describe: whatever is wrong with them is a warning."""
    now_us = clock.wall_us() if time is None else time.source_us
    history.ask(call_us=now_us - 3_600_000_000, now_us=now_us, patience_s=FETCH_S)
    error = history.problem
    if error is None:
        return []
    subject, hint = f"{name}/cdr", error.hint
    match error:
        case WrongRegion():
            code = "cdr_wrong_region"
        case AuthRefused():
            code = "cdr_right_missing"
            hint = (
                "The token needs spark-admin:calling_cdr_read, and its authoriser the role Webex Calling "
                "Detailed Call History API access."
            )
        case _:
            code = "cdr_unavailable"
            hint = hint or "Recordings are archived without call detail records meanwhile."
    return [Finding(code, Level.WARNING, subject, f"no call detail records: {error}", hint)]
