"""What an administrator should mend: token, application user, rights, schema, clock, signed links."""

from __future__ import annotations

from collections.abc import Callable

from cluster.ports import Clock
from recorder.adapters.dynamics.odata import (
    NoApplicationUser,
    NotThere,
    ODataClient,
    PrivilegeMissing,
    RawPage,
    query,
)
from recorder.adapters.dynamics.records import Recording, SignedLink
from recorder.adapters.dynamics.schema_probe import REQUIRED_COLUMNS, SchemaProbe, logical_name
from recorder.adapters.dynamics.tables import ALL_TABLES, RECORDING, Table
from recorder.adapters.http.clock_offset import clock_findings
from recorder.adapters.http.values import parse
from recorder.errors import AuthRefused, BadAnswer, SourceError, Throttled, Unreachable
from recorder.model import Finding, Level


def check(
    *,
    name: str,
    odata: ODataClient,
    schema: SchemaProbe,
    clock: Clock,
    signed_link: Callable[[str], SignedLink],
) -> tuple[Finding, ...]:
    """All findings of one source; a failure of the first steps ends the check there."""
    try:
        time = odata.get("WhoAmI").time
    except SourceError as error:
        return (_no_entry(name, error),)
    found = [*clock_findings(name, time, clock)]
    try:
        for table in ALL_TABLES:
            found += _table(name, table, odata)
        found += _columns(name, schema)
        found += _recordings(name, odata, signed_link)
    except SourceError as error:
        found.append(_no_entry(name, error))
    return tuple(found)


def _no_entry(name: str, error: SourceError) -> Finding:
    """The finding of an error that ends the check."""
    match error:
        case NoApplicationUser():
            code, level = "application_user_missing", Level.ERROR
        case AuthRefused():
            code, level = "token_refused", Level.ERROR
        case Throttled():
            code, level = "throttled", Level.WARNING
        case Unreachable():
            code, level = "unreachable", Level.ERROR
        case _:
            code, level = "check_failed", Level.ERROR
    hint = (
        error.hint or "Run the check again; if it stays, look at the source's address and version."
    )
    return Finding(code, level, name, str(error), hint)


def _table(name: str, table: Table, odata: ODataClient) -> list[Finding]:
    subject = f"{name}/{table.set_name}"
    level = Level.ERROR if table is RECORDING else Level.WARNING
    try:
        odata.first_page(table.set_name + query(select=table.key), page_size=1)
    except PrivilegeMissing:
        what = f"no right to read {table.logical}: {table.use} will be missing"
        hint = f"Give the application user's role organisation-level Read on {table.logical}."
        return [Finding("privilege_missing", level, subject, what, hint)]
    except NotThere:
        what = f"the environment has no table {table.logical}: {table.use} will be missing"
        hint = "Install or update Omnichannel / Contact Center in the environment."
        return [Finding("table_missing", level, subject, what, hint)]
    return []


def _columns(name: str, schema: SchemaProbe) -> list[Finding]:
    found: list[Finding] = []
    for table in ALL_TABLES:
        known = schema.columns(table.logical)
        if known is None:
            what = f"the columns of {table.logical} cannot be read; the usual ones are assumed"
            hint = "Give the role the right to read table and column definitions (prvReadEntity)."
            found.append(
                Finding("schema_unreadable", Level.INFO, f"{name}/{table.logical}", what, hint)
            )
            continue
        absent = sorted({logical_name(column) for column in table.columns} - known)
        for column in absent:
            what = f"{table.logical} has no column {column}; it is left out"
            level = Level.ERROR if column in REQUIRED_COLUMNS else Level.INFO
            hint = "An older schema; updating the solution adds it."
            found.append(
                Finding("column_missing", level, f"{name}/{table.logical}.{column}", what, hint)
            )
    return found


def _recordings(
    name: str, odata: ODataClient, signed_link: Callable[[str], SignedLink]
) -> list[Finding]:
    """Rows hidden from a role are absent, not refused: an empty table deserves a word."""
    try:
        page = _newest(odata)
    except (PrivilegeMissing, NotThere):
        return []
    if not page.rows:
        what = "no recording is visible"
        hint = (
            "Either nothing was recorded yet, or the role's Read on msdyn_ocrecording is not "
            "organisation-level: rows outside its reach are silently left out."
        )
        return [Finding("nothing_visible", Level.WARNING, name, what, hint)]
    try:
        recording = parse(Recording, page.rows[0])
    except BadAnswer as error:
        what = f"the newest recording: {error}"
        hint = "It is parked and tried again; look at its row in the environment."
        return [Finding("recording_unreadable", Level.WARNING, name, what, hint)]
    try:
        signed_link(recording.id)
    except (Throttled, Unreachable):
        raise
    except SourceError as error:
        what = f"signed links are not available ({error}); downloads go through the API"
        hint = "Normal with customer-managed keys; otherwise set `prefer_sas = false`."
        return [Finding("signed_link_refused", Level.INFO, name, what, hint)]
    return []


def _newest(odata: ODataClient) -> RawPage:
    return odata.first_page(
        RECORDING.set_name
        + query(
            select="msdyn_ocrecordingid,modifiedon,msdyn_recording",
            filter="msdyn_recording ne null",
            orderby="modifiedon desc",
        ),
        page_size=1,
    )
