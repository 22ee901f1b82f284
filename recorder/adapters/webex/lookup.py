"""A recording by its id, in whichever alphabet it is given."""

from __future__ import annotations

from urllib.parse import quote

from recorder.adapters.http.errors import safe_text
from recorder.adapters.http.values import parse
from recorder.adapters.webex.api import NotThere, WebexClient
from recorder.adapters.webex.ids import bare_id
from recorder.adapters.webex.listing import items_of
from recorder.adapters.webex.records import RecordingTraces
from recorder.errors import BadAnswer, NotAnId
from recorder.model import ItemRef, Window


def find(*, source: str, api: WebexClient, identifier: str, now_us: int) -> tuple[ItemRef, ...]:
    """One call; one more when the service does not know it by the spelling given."""
    given = identifier.strip()
    bare = bare_id(given)
    if bare is None:
        raise NotAnId(
            f"{safe_text(given, 60)!r} is no id of a recording",
            hint="A UUID with or without dashes, or its base64 form, as Webex shows it.",
        )
    for spelling in dict.fromkeys((given, bare)):
        try:
            row, _ = api.object(f"convergedRecordings/{quote(spelling, safe='')}")
        except NotThere:
            continue
        if row is None:
            raise BadAnswer("an answer without the recording that was asked for")
        at_us = parse(RecordingTraces, row).created_us
        at_us = now_us if at_us is None else at_us
        found = items_of(source, (row,), Window(at_us, at_us + 1))
        if any(ref.key != bare for ref in found):
            raise BadAnswer("the service answered with another recording than it was asked for")
        return found
    return ()
