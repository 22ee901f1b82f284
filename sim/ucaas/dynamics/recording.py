"""The life of one recording: its row, its file, later changes, its end; and the truth about it."""

from __future__ import annotations

import json

from sim.truth import TruthItem
from sim.ucaas.dynamics.environment import Environment
from sim.ucaas.dynamics.files import StoredFile
from sim.ucaas.dynamics.lexer import Value, instant_text
from sim.ucaas.dynamics.scripts import CallScript, RecordingScript
from sim.ucaas.surroundings import SECOND_US

TABLE = "msdyn_ocrecording"
FILE_NAME = "callRecording.mp3"


class RecordingLife:
    """Carries out one RecordingScript. `late_us` is how far stamps lie before appearances."""

    def __init__(
        self,
        *,
        env: Environment,
        call: CallScript,
        script: RecordingScript,
        conversation: str,
        key: str,
        number: int,
    ) -> None:
        self.call = call
        self.script = script
        self.key = key
        self.late_us = 0
        self._newest_us = 0
        self._env = env
        self._conversation = conversation
        self._number = number

    def appear(self, at_us: int) -> None:
        """The row, without a file yet."""
        self._put(
            {
                "msdyn_name": f"Recording {self._number}",
                "_msdyn_liveworkitemid_value": self._conversation,
                "_msdyn_recordingtarget_value": self._conversation,
                "msdyn_mediauri": f"https://acs.invalid/recordings/{self.key}",
            },
            at_us,
        )
        if self.script.file_delay_s is None:
            self._offer(at_us, None, (), absent="the row never gets a file")

    def file_arrives(self, at_us: int) -> None:
        """The audio and its metadata are uploaded; from now on there is something to fetch."""
        row = self._env.store.table(TABLE).get(self.key)
        if row is None:
            return
        files = self._env.files
        audio = files.add_audio(self.script.audio, FILE_NAME, self.key)
        others: list[StoredFile] = []
        values: dict[str, Value] = {
            "msdyn_recording": audio.file_id,
            "msdyn_recording_name": audio.name,
        }
        if self.script.metadata:
            described = files.add(self._metadata(), "metadata.json", "application/json", self.key)
            others.append(described)
            values["msdyn_recordingmetadata"] = described.file_id
            values["msdyn_recordingmetadata_name"] = described.name
        self._drop_files(("msdyn_recording", "msdyn_recordingmetadata"))
        self._attach(audio, "msdyn_recording", at_us)
        for other in others:
            self._attach(other, "msdyn_recordingmetadata", at_us)
        self._put(values, at_us)
        self._offer(at_us, audio, tuple(others))

    def replace(self, at_us: int) -> None:
        """Another file takes the place of the first: a new version of the item."""
        self.late_us = 0
        self.file_arrives(at_us)

    def bump(self, at_us: int) -> None:
        """A change that leaves the media alone."""
        row = self._env.store.table(TABLE).get(self.key)
        if row is not None:
            self.late_us = 0
            self._put({"_ownerid_value": None}, at_us)
            self._env.truth.changed(self._env.source, self.key, int(str(row["modifiedon"])))

    def delete(self, at_us: int) -> None:
        """The row and its files are gone."""
        delete_recording(self._env, self.key, at_us)

    def _put(self, values: dict[str, Value], at_us: int) -> None:
        table = self._env.store.table(TABLE)
        known = {name: value for name, value in values.items() if name in table.schema.columns}
        table.put(self.key, known, self._stamp_us(at_us))

    def _stamp_us(self, at_us: int) -> int:
        if self.script.stamp_us is not None:
            return self.script.stamp_us
        if self.script.as_of_us is not None:
            return self._env.service_us(self.script.as_of_us)
        # The service may set its clock back, but no row back behind its own last change.
        self._newest_us = max(self._newest_us, self._env.service_us(at_us) - self.late_us)
        return self._newest_us

    def _offer(
        self,
        at_us: int,
        audio: StoredFile | None,
        others: tuple[StoredFile, ...],
        absent: str = "",
    ) -> None:
        stamp_us = self._stamp_us(at_us) // SECOND_US * SECOND_US
        self._env.truth.offer(
            TruthItem(
                source=self._env.source,
                key=self.key,
                version="" if audio is None else audio.file_id,
                session_key=self._conversation,
                changed_us=stamp_us,
                offered_us=at_us,
                size_bytes=0 if audio is None else audio.size_bytes,
                sha256="" if audio is None else audio.sha256,
                name=self.script.audio.name,
                late=stamp_us < self._env.service_us(at_us) - 2 * SECOND_US,
                absent=absent,
                other_sha256=tuple(other.sha256 for other in others),
            )
        )

    def _attach(self, stored: StoredFile, column: str, at_us: int) -> None:
        self._env.store.table("fileattachment").put(
            stored.file_id,
            {
                "filename": stored.name,
                "mimetype": stored.media_type,
                "filesizeinbytes": stored.size_bytes,
                "regardingfieldname": column,
                "_objectid_value": self.key,
                "objecttypecode": TABLE,
            },
            self._stamp_us(at_us),
        )

    def _drop_files(self, columns: tuple[str, ...]) -> None:
        row = self._env.store.table(TABLE).get(self.key)
        for column in columns:
            file_id = None if row is None else row[column]
            if isinstance(file_id, str):
                self._env.files.remove(file_id)
                self._env.store.table("fileattachment").delete(file_id)

    def _metadata(self) -> bytes:
        """The recording service's own account of the recording."""
        length_ms = int(self.script.audio.seconds * 1000)
        start_us = self._env.service_us(self.call.end_us) - length_ms * 1000
        holds = [leg.hold_s for leg in self.call.legs if leg.hold_s]
        pauses = [
            {"startTime": instant_text(start_us), "duration": int(hold * 1000)} for hold in holds
        ]
        described = {
            "resourceId": self.key,
            "callId": self._conversation,
            "chunkDocumentId": f"0-{self.key}",
            "chunkIndex": 0,
            "chunkStartTime": instant_text(start_us),
            "chunkDuration": length_ms,
            "pauseResumeIntervals": pauses,
            "recordingInfo": {"contentType": "audio", "channelType": "mixed", "format": "mp3"},
            "participants": [],
        }
        return json.dumps(described).encode()


def delete_recording(env: Environment, key: str, at_us: int) -> bool:
    """Delete a recording with its files; False when it is gone already."""
    row = env.store.table(TABLE).get(key)
    if row is None:
        return False
    for column in ("msdyn_recording", "msdyn_recordingmetadata"):
        file_id = row[column]
        if isinstance(file_id, str):
            env.files.remove(file_id)
            env.store.table("fileattachment").delete(file_id)
    env.store.table(TABLE).delete(key)
    env.truth.deleted(env.source, key, at_us)
    return True
