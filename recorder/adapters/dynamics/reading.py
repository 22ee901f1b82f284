"""Reads all rows of one recording. What may not be read or is not there degrades to less metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from cluster.ports import Clock
from recorder.adapters.dynamics.interaction import Rows
from recorder.adapters.dynamics.odata import (
    OR_TERMS_MAX,
    NotThere,
    ODataClient,
    PrivilegeMissing,
    any_of,
    guid,
    query,
)
from recorder.adapters.dynamics.records import (
    AcsMetadata,
    Conversation,
    Participant,
    PhoneContext,
    Recording,
    Session,
    User,
)
from recorder.adapters.dynamics.schema_probe import SchemaProbe
from recorder.adapters.dynamics.tables import (
    ATTACHMENT_COLUMNS,
    ATTACHMENTS,
    CONVERSATION,
    PARTICIPANT,
    PHONE,
    RECORDING,
    SESSION,
    USER,
    Table,
)
from recorder.adapters.dynamics.users import UserCache
from recorder.adapters.http.json_body import json_object
from recorder.adapters.http.values import parse
from recorder.errors import BadAnswer, ItemGone

R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")


class Reader:
    """Reads one recording; made anew for each, so that `missing` belongs to one job."""

    def __init__(
        self, *, odata: ODataClient, schema: SchemaProbe, users: UserCache, clock: Clock
    ) -> None:
        self._odata = odata
        self._schema = schema
        self._users = users
        self._clock = clock
        self._missing: list[str] = []

    def recording(self, recording_id: str) -> Recording:
        """The recording's row with its files. Raises ItemGone when the service no longer has it."""
        path = f"{RECORDING.set_name}({guid(recording_id)})"
        options = self._schema.select(RECORDING.logical, RECORDING.columns)
        try:
            return self._with_files(path, options)
        except NotThere:
            raise ItemGone("the recording's row no longer exists in Dataverse") from None

    def all(self, recording: Recording, conversation_id: str | None) -> Rows:
        """Everything around a recording. Raises SourceError only for what a retry can mend."""
        if conversation_id is None:
            return Rows(recording, None, metadata=self._metadata(recording), missing=self._missed())
        of_conversation = f"_msdyn_liveworkitemid_value eq {guid(conversation_id)}"
        conversation = self._optional(CONVERSATION.set_name, self._conversation, conversation_id)
        sessions = self._children(Session, SESSION, of_conversation)
        participants = self._participants(session.id for session in sessions)
        phone = self._children(PhoneContext, PHONE, of_conversation)
        agents = {one.agent_id for one in participants if one.agent_id is not None}
        if conversation is not None and conversation.last_agent_id is not None:
            agents.add(conversation.last_agent_id)
        return Rows(
            recording=recording,
            conversation_id=conversation_id,
            conversation=conversation,
            sessions=sessions,
            participants=participants,
            phone=phone,
            users=self._agents(sorted(agents)),
            metadata=self._metadata(recording),
            missing=self._missed(),
        )

    def _missed(self) -> tuple[str, ...]:
        return tuple(self._missing)

    def _with_files(self, path: str, options: str) -> Recording:
        expand = f"{ATTACHMENTS}($select={ATTACHMENT_COLUMNS})"
        try:
            row = self._odata.row(path + query(select=options, expand=expand))
        except NotThere:
            raise
        except (PrivilegeMissing, BadAnswer):
            # The files' table may be closed to us, or its relation absent: sizes are then unknown.
            row = self._odata.row(path + query(select=options))
            self._missing.append("fileattachments")
        return parse(Recording, row)

    def _optional(self, what: str, read: Callable[[str], T], argument: str) -> T | None:
        try:
            return read(argument)
        except (PrivilegeMissing, BadAnswer):
            self._missing.append(what)
            return None

    def _conversation(self, conversation_id: str) -> Conversation:
        columns = self._schema.select(CONVERSATION.logical, CONVERSATION.columns)
        path = f"{CONVERSATION.set_name}({guid(conversation_id)})"
        return parse(Conversation, self._odata.row(path + query(select=columns)))

    def _children(self, kind: type[R], table: Table, where: str) -> tuple[R, ...]:
        def read(filtered: str) -> tuple[R, ...]:
            columns = self._schema.select(table.logical, table.columns)
            options = query(select=columns, filter=filtered, orderby=f"{table.key} asc")
            path = table.set_name + options
            return _parsed(kind, self._odata.rows(path))

        return self._optional(table.set_name, read, where) or ()

    def _participants(self, sessions: Iterable[str]) -> tuple[Participant, ...]:
        found: list[Participant] = []
        for ids in _batches(sorted(sessions)):
            where = any_of("_msdyn_omnichannelsession_value", ids)
            found += self._children(Participant, PARTICIPANT, where)
        return tuple(found)

    def _agents(self, ids: list[str]) -> Mapping[str, User]:
        known = self._users.known(ids, self._clock.monotonic_ns())
        for batch in _batches([one for one in ids if one not in known]):
            where = any_of(USER.key, batch)
            before = len(self._missing)
            rows = self._children(User, USER, where)
            found: dict[str, User | None] = dict.fromkeys(batch)
            found |= {user.id: user for user in rows}
            known |= found
            if len(self._missing) == before:
                self._users.keep(found, self._clock.monotonic_ns())
        return {one: user for one, user in sorted(known.items()) if user is not None}

    def _metadata(self, recording: Recording) -> AcsMetadata | None:
        """The metadata file, if there is one; a file that cannot be read is no reason to fail."""
        if not recording.metadata_id:
            return None
        path = f"{RECORDING.set_name}({recording.id})/msdyn_recordingmetadata/$value"
        return self._optional("msdyn_recordingmetadata", self._metadata_file, path)

    def _metadata_file(self, path: str) -> AcsMetadata:
        body = self._odata.get(path).body
        return parse_metadata(body)


def parse_metadata(body: bytes) -> AcsMetadata:
    """The ACS metadata file. Raises BadAnswer when it is no JSON object."""
    try:
        return parse(AcsMetadata, json_object(body))
    except BadAnswer:
        raise BadAnswer("a metadata file that is no JSON object") from None


def _parsed(kind: type[R], rows: Iterable[Mapping[str, Any]]) -> tuple[R, ...]:
    return tuple(parse(kind, row) for row in rows)


def _batches(ids: list[str]) -> list[list[str]]:
    return [ids[at : at + OR_TERMS_MAX] for at in range(0, len(ids), OR_TERMS_MAX)]
