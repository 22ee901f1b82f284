"""The requests that Webex tells apart, and the faults it knows."""

from __future__ import annotations

from typing import Final

from sim.ucaas.faults import FaultKind, Manners

_API = ("list", "row", "metadata", "history", "webhooks", "change", "me")
_BLOB = ("blob",)
_EVERYTHING = ("token", "authorize", "app_token", *_API, *_BLOB)

WEBEX: Final = Manners(
    requests=(*_EVERYTHING, "activities"),
    hits={
        FaultKind.THROTTLE: _API,
        FaultKind.SERVER_ERROR: (*_API, *_BLOB),
        FaultKind.SLOW: _EVERYTHING,
        FaultKind.DROP: _EVERYTHING,
        FaultKind.STALL: _BLOB,
        FaultKind.CUT: _BLOB,
        FaultKind.TRUNCATE: _BLOB,
        FaultKind.HTML: _BLOB,
        FaultKind.EMPTY: _BLOB,
        FaultKind.WRONG_BYTES: _BLOB,
        FaultKind.REDIRECT: _BLOB,
        FaultKind.LINK_EXPIRED: _BLOB,
        FaultKind.TOKEN_REVOKED: (),
        FaultKind.SECRET_WRONG: ("token",),
        FaultKind.GRANT_EXPIRED: ("token",),
        FaultKind.FORBIDDEN: _API,
        FaultKind.LATE: (),
        FaultKind.CLOCK_SKEW: (),
        FaultKind.DELETED_BEFORE_DOWNLOAD: ("row",),
        FaultKind.CHANGED_BEFORE_DOWNLOAD: ("row",),
        FaultKind.WRONG_SIZE: ("row",),
        FaultKind.NO_LINK: ("row",),
        FaultKind.NO_METADATA: ("metadata",),
        FaultKind.PAGE_EXPIRED: ("list",),
        FaultKind.REPEAT_ROWS: ("list", "history"),
        FaultKind.EMPTY_PAGE: ("list",),
        FaultKind.LOST_PARAMETERS: ("list",),
        FaultKind.WRONG_REGION: ("history",),
    },
    words={
        "retry_after": ("seconds", "date", "absent"),
        "how": ("reassign", "trash", "purge"),
    },
)
