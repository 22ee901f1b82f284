"""Owners, customers and numbers: invented, and the same in every run."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache

from sim.clockwork.chance import guid, stream
from sim.ucaas.webex.scripts import CALL_QUEUE, PLACE, USER, VIRTUAL_LINE

_FIRST = ("Ada", "Ben", "Chloé", "Dario", "Emma", "Farid", "Greta", "Hugo", "Inès", "Jörg")
_LAST = ("Albers", "Brandt", "Castro", "Dumont", "Egger", "Fischer", "Garcia", "Haas", "Ivanov")
_LOCATIONS = ("Head Office", "Warehouse", "Support Centre")
_REGIONS = ("US", "DE", "GB")
_NAMES = {PLACE: "Meeting Room", VIRTUAL_LINE: "Line", CALL_QUEUE: "Queue"}
_ACTORS = {USER: "USER", PLACE: "PLACE", VIRTUAL_LINE: "VIRTUAL_LINE", CALL_QUEUE: "CALL_QUEUE"}
_CDR_TYPES = {
    USER: "User",
    PLACE: "Place",
    VIRTUAL_LINE: "VirtualLine",
    CALL_QUEUE: "CallCenterStandard",
}


@dataclass(frozen=True, slots=True)
class Location:
    """A site of the organisation."""

    key: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody or something whose calls are recorded."""

    key: str
    """Bare UUID."""
    kind: str
    name: str
    email: str
    extension: str
    number: str
    location: Location

    @property
    def actor_type(self) -> str:
        """As recording metadata write the kind."""
        return _ACTORS[self.kind]

    @property
    def history_type(self) -> str:
        """As the call history writes the kind."""
        return _CDR_TYPES[self.kind]

    @property
    def person_id(self) -> str:
        """As webhooks and people write the id."""
        return public_id("PLACE" if self.kind == PLACE else "PEOPLE", self.key)


@cache
def location(seed: int, number: int) -> Location:
    """Site `number`; they repeat."""
    at = number % len(_LOCATIONS)
    return Location(guid(stream(seed, "location", str(at))), _LOCATIONS[at], _REGIONS[at])


@cache
def owner(seed: int, number: int, kind: str = USER) -> Owner:
    """Owner `number` of a kind."""
    key = guid(stream(seed, "owner", kind, str(number)))
    first, last = _FIRST[number % len(_FIRST)], _LAST[(number * 7 + number // 10) % len(_LAST)]
    name = f"{first} {last}" if kind == USER else f"{_NAMES[kind]} {number + 1}"
    extension = str(2000 + number + 2000 * list(_ACTORS).index(kind))
    return Owner(
        key=key,
        kind=kind,
        name=name,
        email=f"{kind.lower()}{number}@contoso.example",
        extension=extension,
        number=f"+1202555{extension}",
        location=location(seed, number),
    )


def customer(number: int) -> tuple[str, str]:
    """Name and telephony number of an outsider."""
    name = f"{_LAST[number % len(_LAST)]}, {_FIRST[number // 7 % len(_FIRST)]}"
    return name, f"+1303555{number % 10_000:04d}"


def public_id(kind: str, key: str) -> str:
    """The long form of an id, as webhooks, people and organisations carry it."""
    return base64.urlsafe_b64encode(f"ciscospark://us/{kind}/{key}".encode()).decode().rstrip("=")


def plain_id(key: str) -> str:
    """The other long form: base64 of the bare id, as events carry call sessions."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
