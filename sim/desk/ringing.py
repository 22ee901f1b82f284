"""Calls that ring at an agent, told to a node as Dataverse tells them: by posts to its webhook."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from cluster.adapters.real_randomness import RealRandomness

ROUTE = "/api/recording/cti/v1/MicrosoftDynamicsOmnichannelAdapter"
_PRIMARY = 192350002
_WAIT_S = 10.0


class Ringing:
    """One offer of one call to one agent; `agent` is a GUID. Raises httpx.HTTPError.

    `client` stays the caller's: a platform keeps its connections, too.
    """

    def __init__(self, client: httpx.Client, node_url: str, secret: str, agent: str) -> None:
        self._client = client
        self._url = f"{node_url}{ROUTE}?code={secret}"
        self._agent = agent
        names = RealRandomness()
        self.call, self._session, self._seat = (str(uuid.UUID(names.token())) for _ in range(3))
        self._attributes: dict[str, Any] = {}

    def begin(self) -> None:
        """The conversation has a session: nothing rings yet."""
        self._post("msdyn_ocsession", self._session, {"msdyn_liveworkitemid": {"Id": self.call}})

    def ring(self, at_us: int) -> None:
        """The session has a participant: it rings there."""
        self._attributes = {
            "msdyn_agentid": {"Id": self._agent},
            "msdyn_omnichannelsession": {"Id": self._session},
            "msdyn_mode": {"Value": _PRIMARY},
            "createdon": _date(at_us),
        }
        self._post("msdyn_sessionparticipant", self._seat, self._attributes)

    def refuse(self, at_us: int) -> None:
        """The agent does not take it."""
        left = {"msdyn_lefton": _date(at_us), "msdyn_leftonreason": "AgentReject"}
        self._post("msdyn_sessionparticipant", self._seat, {**self._attributes, **left})

    def _post(self, entity: str, key: str, attributes: dict[str, Any]) -> None:
        pairs = [{"key": name, "value": value} for name, value in attributes.items()]
        body = {
            "MessageName": "Create",
            "PrimaryEntityName": entity,
            "PrimaryEntityId": key,
            "InputParameters": [{"key": "Target", "value": {"Attributes": pairs}}],
        }
        self._client.post(self._url, json=body, timeout=_WAIT_S).raise_for_status()


def _date(at_us: int) -> str:
    return f"/Date({at_us // 1000})/"
