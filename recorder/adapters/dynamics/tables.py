"""The tables this adapter reads: set names for addresses, logical names for the schema, columns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `key` is the primary key column: `activityid` for activity tables."""

    logical: str
    set_name: str
    key: str
    columns: tuple[str, ...]
    use: str
    """What is missing in the archive without it, for findings."""


RECORDING = Table(
    logical="msdyn_ocrecording",
    set_name="msdyn_ocrecordings",
    key="msdyn_ocrecordingid",
    columns=(
        "msdyn_ocrecordingid",
        "msdyn_name",
        "createdon",
        "modifiedon",
        "msdyn_recording",
        "msdyn_recording_name",
        "msdyn_recordingmetadata",
        "_msdyn_liveworkitemid_value",
        "_msdyn_recordingtarget_value",
        "msdyn_applicationid",
    ),
    use="the recordings themselves",
)
CONVERSATION = Table(
    logical="msdyn_ocliveworkitem",
    set_name="msdyn_ocliveworkitems",
    key="activityid",
    columns=(
        "activityid",
        "subject",
        "msdyn_title",
        "statecode",
        "statuscode",
        "msdyn_channel",
        "msdyn_isoutbound",
        "createdon",
        "msdyn_initiatedon",
        "msdyn_startedon",
        "msdyn_wrapupinitiatedon",
        "msdyn_closedon",
        "actualstart",
        "actualend",
        "_msdyn_customer_value",
        "_msdyn_activeagentid_value",
        "_msdyn_cdsqueueid_value",
        "msdyn_transfercount",
        "msdyn_conversationholdtimeinseconds",
        "msdyn_conversationhandletimeinseconds",
    ),
    use="direction, times, subject and customer",
)
SESSION = Table(
    logical="msdyn_ocsession",
    set_name="msdyn_ocsessions",
    key="activityid",
    columns=(
        "activityid",
        "msdyn_channel",
        "msdyn_sessioncreatedon",
        "msdyn_agentacceptedon",
        "msdyn_sessionclosedon",
        "msdyn_closurereason",
    ),
    use="segments and transfers",
)
PARTICIPANT = Table(
    logical="msdyn_sessionparticipant",
    set_name="msdyn_sessionparticipants",
    key="msdyn_sessionparticipantid",
    columns=(
        "msdyn_sessionparticipantid",
        "msdyn_name",
        "_msdyn_omnichannelsession_value",
        "_msdyn_agentid_value",
        "msdyn_mode",
        "msdyn_joinedon",
        "msdyn_lefton",
        "msdyn_leftonreason",
        "msdyn_externalparticipantchannel",
    ),
    use="which agent spoke when",
)
PHONE = Table(
    logical="msdyn_ocphonecallengagementctx",
    set_name="msdyn_ocphonecallengagementctxes",
    key="msdyn_ocphonecallengagementctxid",
    columns=(
        "msdyn_ocphonecallengagementctxid",
        "msdyn_callername",
        "msdyn_fromphone",
        "msdyn_tophone",
        "msdyn_callsid",
    ),
    use="the caller's and the called number",
)
USER = Table(
    logical="systemuser",
    set_name="systemusers",
    key="systemuserid",
    columns=(
        "systemuserid",
        "fullname",
        "domainname",
        "internalemailaddress",
        "azureactivedirectoryobjectid",
        "applicationid",
    ),
    use="names of agents",
)
ALL_TABLES = (RECORDING, CONVERSATION, SESSION, PARTICIPANT, PHONE, USER)
ATTACHMENTS = "msdyn_ocrecording_FileAttachments"
ATTACHMENT_COLUMNS = "createdon,mimetype,filesizeinbytes,filename,regardingfieldname"
