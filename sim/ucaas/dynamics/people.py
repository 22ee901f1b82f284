"""Agents, customers and numbers: invented, and the same in every run."""

from __future__ import annotations

from sim.clockwork.chance import guid, stream
from sim.ucaas.dynamics.tables import Store

_FIRST = ("Ada", "Ben", "Chloe", "Dario", "Emma", "Farid", "Greta", "Hugo", "Ines", "Jonas")
_LAST = ("Albers", "Brandt", "Castro", "Dumont", "Egger", "Fischer", "Garcia", "Haas", "Ivanov")
PRESENCES = ("Available", "Busy", "Busy - DND", "Away", "Offline")
AGENTS = 40


def person(number: int) -> tuple[str, str]:
    """First and last name of person `number`."""
    return _FIRST[number % len(_FIRST)], _LAST[(number * 7 + number // 10) % len(_LAST)]


def phone(number: int) -> str:
    """A telephone number of person `number`, in a range kept free for fiction."""
    return f"+1202555{number % 10_000:04d}"


def agent_id(seed: int, number: int) -> str:
    """The system user id of agent `number`."""
    return guid(stream(seed, "agent", str(number)))


def presence_id(name: str) -> str:
    """The id of a base presence."""
    return guid(stream(0, "presence", name))


def hire(store: Store, seed: int, at_us: int) -> None:
    """Put agents, presences and agent states into an empty environment."""
    for number, name in enumerate(PRESENCES):
        store.table("msdyn_presence").put(
            presence_id(name),
            {
                "msdyn_name": name,
                "msdyn_presencestatustext": name,
                "msdyn_basepresencestatus": 192360000 + number,
                "msdyn_canuserset": True,
            },
            at_us,
        )
    for number in range(AGENTS):
        first, last = person(number)
        user, mail = agent_id(seed, number), f"{first}.{last}.{number}@contoso.example".lower()
        store.table("systemuser").put(
            user,
            {
                "fullname": f"{first} {last}",
                "firstname": first,
                "lastname": last,
                "domainname": mail,
                "internalemailaddress": mail,
                "azureactivedirectoryobjectid": guid(stream(seed, "object", str(number))),
                "isdisabled": False,
                "accessmode": 0,
                "employeeid": f"E{number:04d}",
            },
            at_us,
        )
        store.table("msdyn_agentstatus").put(
            guid(stream(seed, "agentstatus", str(number))),
            {
                "msdyn_name": f"{first} {last}",
                "_msdyn_agentid_value": user,
                "_msdyn_currentpresenceid_value": presence_id("Available"),
                "msdyn_availableunitscapacity": 100,
                "msdyn_isblockedbysomeprofile": False,
                "msdyn_presencemodifiedon": at_us,
            },
            at_us,
        )
