"""Every exception of the recorder, as a tree.

* RecorderError
    * ConfigError            the configuration is wrong: exact path, and what to do
    * SourceError            the data source answered, but not with what we need
        * Throttled          it asks us to wait (`retry_after_s`)
        * AuthRefused        our credentials are wrong, expired or lack a right
        * Unreachable        no answer, or a server error: try again
        * NotReady           it is listed, its file is not there yet
        * BadAnswer          an answer that breaks the source's own contract
        * ItemGone           the source says the item no longer exists
        * LinkExpired        a download link ran out: ask for a new one
        * Stalled            a download made no progress in time
        * Truncated          fewer bytes than announced
        * NotMedia           bytes that are no media: empty, HTML, wrong type
        * TooLarge           more bytes than allowed
        * RedirectRefused    a redirect to a host that is not allowed
        * NotAnId            asked for by a name that is no id of this source
    * BadDesktopFrame        a desktop and a node did not understand each other
    * StitchFailed           a contact could not be made replayable
    * CallBufferError        the buffer disk does not take more
        * BufferFull             there is no room left; whatever else it is would be another error
    * ArchiveError           the archive did not take or give an object
    * DataCenterError        the contact database did not answer or refused
        * DataCenterDown     not reachable: the outcome of a write is unknown
            * DataCenterUnfit    it answers, but is of no use until somebody mends it
                * DataCenterDamaged  what lies there is no database, or a broken one
        * BadCursor          a page of a list was asked for with a cursor nobody gave out
        * SchemaTooNew       the database was migrated by a newer Tandem
"""


class RecorderError(Exception):
    """Base of every error the recorder raises on purpose; `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(RecorderError):
    """Raised when the configuration is wrong; the message holds one line per finding, with its path."""


class SourceError(RecorderError):
    """Raised when a data source does not give what was asked.

    `code` is a stable snake_case cause for records and metrics. The message never holds a token, a
    secret or a signed address.
    """

    code = "source_error"
    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class Throttled(SourceError):
    """Raised when the source asks for patience; `retry_after_s` is None when it named no time."""

    code = "throttled"


class AuthRefused(SourceError):
    """Raised when the source refuses this node's credentials; the fault is this node's alone."""

    code = "auth_refused"


class Unreachable(SourceError):
    """Raised when there was no answer, a connection error, or a 5xx."""

    code = "unreachable"


class NotReady(SourceError):
    """Raised when an item is listed and its file is not there yet: it is asked for again."""

    code = "not_ready"


class BadAnswer(SourceError):
    """Raised when an answer breaks the source's contract (wrong type, missing field, endless paging)."""

    code = "bad_answer"


class ItemGone(SourceError):
    """Raised when the item, or its file, no longer exists at the source."""

    code = "gone"
    retryable = False


class LinkExpired(SourceError):
    """Raised when a download link ran out before or during the download."""

    code = "link_expired"


class Stalled(SourceError):
    """Raised when a download moved no byte for the time allowed."""

    code = "stalled"


class Truncated(SourceError):
    """Raised when a body ended before its announced size, or differs from the announced hash."""

    code = "truncated"


class NotMedia(SourceError):
    """Raised when a body is empty, HTML, or not of the kind announced."""

    code = "not_media"


class TooLarge(SourceError):
    """Raised when a body is larger than the limit for one file."""

    code = "too_large"


class RedirectRefused(SourceError):
    """Raised when a download is redirected to a host outside the source's allow-list."""

    code = "redirect_refused"


class NotAnId(SourceError):
    """Raised when a source is asked for something by a text that is none of its ids."""

    code = "not_an_id"
    retryable = False


class FileTakenOver(RecorderError):
    """Raised when a file with ids that this node took is another node's by now, or away."""


class BadDesktopFrame(RecorderError):
    """Raised when a frame on the connection of a desktop breaks a rule; the message says which."""


class StitchFailed(RecorderError):
    """Raised when a contact could not be made replayable; the originals are untouched."""


class CallBufferError(RecorderError):
    """Raised when the buffer disk refuses: full, read-only, or an I/O error."""


class BufferFull(CallBufferError):
    """Raised when the room for this kind of file is used up."""


class ArchiveError(RecorderError):
    """Raised when the archive does not take or give an object, or its content differs."""


class DataCenterError(RecorderError):
    """Raised when the contact database refuses."""


class DataCenterDown(DataCenterError):
    """Raised when the contact database is unreachable; whether a write happened is unknown."""


class DataCenterUnfit(DataCenterDown):
    """Raised when the database is full, read-only, damaged, or lacks tables or rights; nothing was written."""


class DataCenterDamaged(DataCenterUnfit):
    """Raised when the database is none, or is damaged; nothing was written."""


class BadCursor(DataCenterError):
    """Raised when a cursor is none that a list gave out; the asker's fault, not the database's."""


class SchemaTooNew(DataCenterError):
    """Raised when the database holds a schema newer than this program knows."""
