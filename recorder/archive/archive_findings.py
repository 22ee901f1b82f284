"""What an operator is told about the way into the Data Center. Pure."""

from __future__ import annotations

from recorder.archive.commit_job import Outage
from recorder.model import Finding, Level

NAME = "archiver"
REFUSED_CODE = "archive_refused"
JOURNAL_CODE = "journal_failing"

_TITLES = {
    "data_center_down": "The contact database is not reachable",
    "data_center_unfit": "The contact database takes nothing until it is mended",
    "schema_too_new": "The contact database was migrated by a newer Tandem",
    "archive_failing": "The archive takes no recordings",
    "buffer_unreadable": "The call buffer cannot be read",
}
_HINTS = {
    "data_center_down": "Check the database and the network to it.",
    "data_center_unfit": "Mend the database.",
    "schema_too_new": "Upgrade Tandem on this node.",
    "archive_failing": "Check the archive's storage and the right to write to it.",
    "buffer_unreadable": "Check the disk behind the call buffer.",
}


def outage(found: Outage, waiting: int) -> Finding:
    """Nothing gets through; it is tried again and again."""
    safe = f"{waiting} items wait in the call buffer and are archived by themselves afterwards."
    return Finding(
        code=found.code,
        level=Level.ERROR,
        subject=NAME,
        what=f"{_TITLES[found.code]}: {found.what}. {safe}",
        hint=found.hint or _HINTS[found.code],
    )


def refused(count: int, example: str, reason: str) -> Finding:
    """Single items do not get through while others do."""
    return Finding(
        code=REFUSED_CODE,
        level=Level.ERROR,
        subject=NAME,
        what=f"{count} item(s) cannot be archived, among them {example}: {reason}.",
        hint="They stay in the call buffer and are tried every minute; see `tandem item why`.",
    )


def journal(what: str) -> Finding | None:
    """Archiving goes on, but a crash would cost fetching again. None when nothing is wrong."""
    if not what:
        return None
    return Finding(
        code=JOURNAL_CODE,
        level=Level.WARNING,
        subject=NAME,
        what=f"The journal does not work as it should: {what}.",
        hint="Check the disk behind the call buffer; after a crash items are fetched anew.",
    )


def unread(what: str, waiting: int) -> Finding:
    """Nothing is archived: without the journal it is not known what is open."""
    return Finding(
        code="journal_unreadable",
        level=Level.ERROR,
        subject=NAME,
        what=f"The journal cannot be read: {what}. Nothing is archived until it can be; "
        f"{waiting} items wait in the call buffer.",
        hint="Mend the disk behind the call buffer. If the journal is lost for good, stop the node and "
        "move the file away: what it held is fetched again.",
    )


def kept(count: int) -> Finding:
    """Told once after a start; everything else goes on."""
    return Finding(
        code="journal_records_kept",
        level=Level.WARNING,
        subject=NAME,
        what=f"{count} record(s) of the journal are unreadable for this version of Tandem; they are kept.",
        hint="After a downgrade, run the newer version again: it archives what they hold.",
    )
