"""The tables of the fake environment: names, columns, lookups and choice labels, as in Dataverse.

Lookups appear under their wire name `_x_value`. Activity tables have `activityid` as their key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = ("guid", "string", "int", "bool", "datetime", "choice", "multi", "lookup", "file")


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `target` is the logical name a lookup points at."""

    name: str
    kind: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """A table."""

    logical: str
    set_name: str
    key: str
    title: str
    """The primary name column."""
    columns: Mapping[str, Column]
    lookups: Mapping[str, str]
    """Single-valued navigation property to lookup column."""
    children: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Collection-valued navigation property to (logical name, lookup column there)."""


def _table(  # noqa: PLR0917 - the declarations below read as a table
    logical: str,
    set_name: str,
    key: str,
    title: str,
    columns: str,
    lookups: str = "",
    children: Mapping[str, tuple[str, str]] | None = None,
) -> Schema:
    """`columns` holds `name:kind[:target]`, `lookups` navigation names as `nav=column`."""
    made = {key: Column(key, "guid")}
    for word in f"{columns} {_PLATFORM}".split():
        name, kind, *target = word.split(":")
        assert kind in KINDS, word
        made[name] = Column(name, kind, target[0] if target else "")
    navs = {
        column.name.removeprefix("_").removesuffix("_value"): column.name
        for column in made.values()
        if column.kind == "lookup"
    }
    for word in lookups.split():
        nav, _, column = word.partition("=")
        navs = {name: to for name, to in navs.items() if to != column} | {nav: column}
    return Schema(logical, set_name, key, title, made, navs, children or {})


_PLATFORM = (
    "createdon:datetime modifiedon:datetime versionnumber:int statecode:choice statuscode:choice"
    " _ownerid_value:lookup:systemuser _createdby_value:lookup:systemuser"
    " _modifiedby_value:lookup:systemuser"
)
_CALL = "msdyn_ocliveworkitem"
_SESSION = "msdyn_ocsession"
_RECORDING = "msdyn_ocrecording"
_USER = "systemuser"

_TABLES = (
    _table(
        _RECORDING,
        "msdyn_ocrecordings",
        "msdyn_ocrecordingid",
        "msdyn_name",
        f"msdyn_name:string _msdyn_liveworkitemid_value:lookup:{_CALL}"
        f" _msdyn_recordingtarget_value:lookup:{_CALL} msdyn_mediauri:string msdyn_recording:file"
        " msdyn_recording_name:string msdyn_recordingmetadata:file"
        " msdyn_recordingmetadata_name:string msdyn_applicationid:string",
        "msdyn_recordingtarget_msdyn_liveworkitemid=_msdyn_recordingtarget_value",
        {"msdyn_ocrecording_FileAttachments": ("fileattachment", "_objectid_value")},
    ),
    _table(
        _CALL,
        "msdyn_ocliveworkitems",
        "activityid",
        "subject",
        "msdyn_ocliveworkitemid:string subject:string msdyn_title:string"
        " msdyn_statuschangereason:choice msdyn_statereason:string msdyn_channel:multi"
        " msdyn_createdon:datetime msdyn_initiatedon:datetime msdyn_firstwaitstartedon:datetime"
        " msdyn_startedon:datetime msdyn_activeagentassignedon:datetime"
        " msdyn_statusupdatedon:datetime msdyn_wrapupinitiatedon:datetime msdyn_closedon:datetime"
        " msdyn_modifiedon:datetime actualstart:datetime actualend:datetime"
        " actualdurationminutes:int _msdyn_customer_value:lookup:contact"
        f" _msdyn_activeagentid_value:lookup:{_USER} _msdyn_lastsessionid_value:lookup:{_SESSION}"
        " msdyn_isoutbound:bool msdyn_isabandoned:bool msdyn_isagentaccepted:bool"
        " msdyn_isagentsession:bool msdyn_transfercount:int msdyn_escalationcount:int"
        " msdyn_overflowtransfercount:int msdyn_conversationfirstwaittimeinseconds:int"
        " msdyn_conversationhandletimeinseconds:int msdyn_conversationholdtimeinseconds:int"
        " msdyn_conversationtalktimeinseconds:int msdyn_conversationwrapuptimeinseconds:int"
        " msdyn_customerlocale:string msdyn_customersentimentlabel:choice"
        " msdyn_workstreamworkdistributionmode:choice leftvoicemail:bool",
        "msdyn_activeagentid_msdyn_ocliveworkitem=_msdyn_activeagentid_value"
        " msdyn_customer_msdyn_ocliveworkitem_contact=_msdyn_customer_value"
        " msdyn_lastsessionid_msdyn_ocliveworkitem=_msdyn_lastsessionid_value",
        {
            "msdyn_msdyn_ocliveworkitem_msdyn_ocrecording_liveworkitemid": (
                _RECORDING,
                "_msdyn_liveworkitemid_value",
            ),
            "msdyn_msdyn_ocliveworkitem_msdyn_ocsession_liveworkstreamid": (
                _SESSION,
                "_msdyn_liveworkitemid_value",
            ),
            "msdyn_msdyn_ocliveworkitem_msdyn_ocphonecallengagementctx_liveworkitemid": (
                "msdyn_ocphonecallengagementctx",
                "_msdyn_liveworkitemid_value",
            ),
            "msdyn_msdyn_ocliveworkitem_msdyn_transcript": (
                "msdyn_transcript",
                "_msdyn_liveworkitemidid_value",
            ),
        },
    ),
    _table(
        _SESSION,
        "msdyn_ocsessions",
        "activityid",
        "subject",
        f"msdyn_sessionid:string subject:string _msdyn_liveworkitemid_value:lookup:{_CALL}"
        " msdyn_sessioncreatedon:datetime msdyn_sessionclosedon:datetime"
        " msdyn_agentassignedon:datetime msdyn_agentacceptedon:datetime"
        " msdyn_queueassignedon:datetime msdyn_sessionmodifiedon:datetime msdyn_channel:choice"
        " msdyn_closurereason:choice msdyn_state:choice"
        f" _msdyn_primarysession_value:lookup:{_SESSION} msdyn_botengagementmode:choice",
        "msdyn_liveworkitemid_msdyn_ocsession=_msdyn_liveworkitemid_value"
        " msdyn_primarysession_msdyn_ocsession=_msdyn_primarysession_value",
    ),
    _table(
        "msdyn_sessionparticipant",
        "msdyn_sessionparticipants",
        "msdyn_sessionparticipantid",
        "msdyn_name",
        f"msdyn_name:string _msdyn_agentid_value:lookup:{_USER}"
        f" _msdyn_omnichannelsession_value:lookup:{_SESSION} msdyn_activedirectoryuserid:string"
        " msdyn_joinedon:datetime msdyn_lefton:datetime msdyn_addedon:datetime"
        " msdyn_modifiedon:datetime msdyn_lastupdatedon:datetime msdyn_mode:choice"
        " msdyn_assignreason:string msdyn_leftonreason:string"
        " msdyn_externalparticipantchannel:string msdyn_externalparticipantchanneltype:choice"
        " msdyn_activetime:int msdyn_inactivetime:int msdyn_idletime:int",
    ),
    _table(
        "msdyn_ocphonecallengagementctx",
        "msdyn_ocphonecallengagementctxes",
        "msdyn_ocphonecallengagementctxid",
        "msdyn_callername",
        "msdyn_callername:string msdyn_fromphone:string msdyn_tophone:string msdyn_callsid:string"
        " msdyn_providername:string msdyn_ismicrosoftteamsphonenumber:bool"
        f" _msdyn_liveworkitemid_value:lookup:{_CALL}",
    ),
    _table(
        "msdyn_transcript",
        "msdyn_transcripts",
        "msdyn_transcriptid",
        "msdyn_name",
        f"msdyn_name:string _msdyn_liveworkitemidid_value:lookup:{_CALL} msdyn_transcripturi:string"
        " msdyn_rawvoicetranscript:file msdyn_rawvoicetranscript_name:string"
        " msdyn_voicetranscript:file msdyn_voicetranscript_name:string"
        " msdyn_voicetranscript_formatted:file msdyn_voicetranscript_formatted_name:string",
        "msdyn_LiveWorkItemIdId=_msdyn_liveworkitemidid_value",
    ),
    _table(
        "annotation",
        "annotations",
        "annotationid",
        "subject",
        "subject:string objecttypecode:string _objectid_value:lookup documentbody:string"
        " mimetype:string filename:string filesize:int isdocument:bool",
    ),
    _table(
        _USER,
        "systemusers",
        "systemuserid",
        "fullname",
        "fullname:string firstname:string lastname:string domainname:string"
        " internalemailaddress:string azureactivedirectoryobjectid:guid isdisabled:bool"
        " applicationid:guid accessmode:choice employeeid:string",
    ),
    _table(
        "msdyn_agentstatus",
        "msdyn_agentstatuses",
        "msdyn_agentstatusid",
        "msdyn_name",
        f"msdyn_name:string _msdyn_agentid_value:lookup:{_USER}"
        " _msdyn_currentpresenceid_value:lookup:msdyn_presence msdyn_availableunitscapacity:int"
        " msdyn_isblockedbysomeprofile:bool msdyn_presencemodifiedon:datetime"
        " msdyn_capacitymodifiedon:datetime msdyn_presencemodifiedby:string",
    ),
    _table(
        "msdyn_agentstatushistory",
        "msdyn_agentstatushistories",
        "msdyn_agentstatushistoryid",
        "msdyn_name",
        f"msdyn_name:string _msdyn_agentid_value:lookup:{_USER}"
        " _msdyn_presenceid_value:lookup:msdyn_presence msdyn_starttime:datetime"
        " msdyn_endtime:datetime msdyn_isagentloggedin:bool msdyn_availablecapacity:int",
    ),
    _table(
        "msdyn_presence",
        "msdyn_presences",
        "msdyn_presenceid",
        "msdyn_name",
        "msdyn_name:string msdyn_presencestatustext:string msdyn_basepresencestatus:choice"
        " msdyn_canuserset:bool",
    ),
    _table(
        "fileattachment",
        "fileattachments",
        "fileattachmentid",
        "filename",
        "filename:string mimetype:string filesizeinbytes:int regardingfieldname:string"
        " _objectid_value:lookup objecttypecode:string",
    ),
)

_NEWER = {"_msdyn_recordingtarget_value", "msdyn_applicationid"}


def tables(*, newer: bool = True) -> dict[str, Schema]:
    """All tables by logical name; the older schema lacks two columns of the recording."""
    found: dict[str, Schema] = {}
    for table in _TABLES:
        columns = {n: c for n, c in table.columns.items() if newer or n not in _NEWER}
        lookups = {n: c for n, c in table.lookups.items() if c in columns}
        found[table.logical] = Schema(
            table.logical, table.set_name, table.key, table.title, columns, lookups, table.children
        )
    return found


_STATE = {0: "Active", 1: "Inactive"}
_STATUS = {1: "Active", 2: "Inactive"}
LABELS: Mapping[tuple[str, str], Mapping[int, str]] = {
    (_CALL, "statecode"): {0: "Open", 1: "Closed", 2: "Resolved", 3: "Scheduled"},
    (_CALL, "statuscode"): {
        1: "Open", 2: "Active", 3: "Waiting", 4: "Closed", 5: "Wrap-up", 6: "Resolved", 7: "Scheduled",
    },
    (_CALL, "msdyn_channel"): {192440000: "Voice call", 192370000: "Voice", 192360000: "Live chat"},
    (_SESSION, "msdyn_channel"): {192440000: "Voice call", 192370000: "Voice"},
    (_SESSION, "statecode"): {0: "Open", 1: "Completed", 2: "Canceled", 3: "Scheduled"},
    (_SESSION, "statuscode"): {1: "Open", 2: "Completed", 3: "Canceled", 4: "Scheduled"},
    (_SESSION, "msdyn_closurereason"): {
        192350000: "Default", 192350001: "AgentReject", 192350002: "AgentTimeout",
        192350004: "AgentClosed", 192350005: "ConversationClosed", 192350006: "AgentTransfered",
        192350021: "AgentEndConversation", 192350022: "CustomerEndConversation",
    },
    (_CALL, "msdyn_statuschangereason"): {
        192350001: "AwaitingAgentAssignment", 192350002: "AwaitingAgentAcceptance",
        192350003: "InConversation", 192350005: "AgentMovedToWrapUp",
        192350007: "CutomerMovedToWrapUp", 192350008: "ConversationEndedByAgent",
    },
    ("msdyn_sessionparticipant", "msdyn_mode"): {
        192350002: "Primary", 192350003: "Consult", 192350004: "Monitor", 192350005: "Preview",
    },
    ("msdyn_presence", "msdyn_basepresencestatus"): {
        192360000: "Available", 192360001: "Busy", 192360002: "Busy - DND", 192360003: "Away",
        192360004: "Offline",
    },
}  # fmt: skip


def label(table: str, column: str, value: int) -> str:
    """What a person reads for a choice; the number itself where no label is known."""
    default = {"statecode": _STATE, "statuscode": _STATUS}.get(column, {})
    return LABELS.get((table, column), default).get(value, str(value))
