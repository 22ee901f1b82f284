"""The requests that Zoom tells apart, and the faults it knows."""

from __future__ import annotations

from typing import Final

from sim.ucaas.faults import FaultKind, Manners

FILE: Final = "file"
"""The request that is answered with the bytes of a file, at whichever host."""
_API = ("list", "statistics", "row", "change")
_EVERYTHING = ("token", *_API, "download", FILE)

ZOOM: Final = Manners(
    requests=_EVERYTHING,
    hits={
        FaultKind.THROTTLE: _API,
        FaultKind.SERVER_ERROR: (*_API, "download", FILE),
        FaultKind.SLOW: _EVERYTHING,
        FaultKind.DROP: _EVERYTHING,
        FaultKind.STALL: (FILE,),
        FaultKind.CUT: (FILE,),
        FaultKind.TRUNCATE: (FILE,),
        FaultKind.HTML: (FILE,),
        FaultKind.EMPTY: (FILE,),
        FaultKind.WRONG_BYTES: (FILE,),
        FaultKind.REDIRECT: (FILE,),
        FaultKind.LINK_EXPIRED: (FILE,),
        FaultKind.TOKEN_REVOKED: (),
        FaultKind.SECRET_WRONG: ("token",),
        FaultKind.FORBIDDEN: _API,
        FaultKind.LATE: (),
        FaultKind.CLOCK_SKEW: (),
        FaultKind.DELETED_BEFORE_DOWNLOAD: (FILE,),
        FaultKind.WRONG_SIZE: ("row",),
        FaultKind.PAGE_EXPIRED: ("list",),
        FaultKind.REPEAT_ROWS: ("list",),
        FaultKind.EMPTY_PAGE: ("list",),
    },
    words={
        "code": ("second", "day"),
        "retry_after": ("seconds", "instant", "date", "absent", "bare"),
        "why": ("scope",),
    },
)
"""429: `code` names the limit (per second, per day); `retry_after` absent leaves the other headers, bare none."""
