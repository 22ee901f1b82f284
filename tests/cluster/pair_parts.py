"""Parts of the adversarial world: faults, processes, and the frames that processes send."""

from dataclasses import dataclass, field

from cluster.frames import Heartbeat, Hello, Role
from cluster.role import RoleMachine
from cluster.roles.io import GrantDuty


@dataclass(frozen=True)
class Fault:
    """Something that is wrong from `at_s` for `for_s` seconds."""

    at_s: float
    kind: str
    node: str
    for_s: float


@dataclass
class Process:
    """One run of a node's program; its mailbox keeps while it is stopped."""

    node: str
    boot: str
    machine: RoleMachine
    planned_ns: int
    alive: bool = True
    stopped: bool = False
    mailbox: list = field(default_factory=list)
    facts: object = None
    seq: int = 0
    duty: GrantDuty | None = None
    known_boot: str = ""
    linked: bool = False


def hello_of(process):
    facts = process.facts
    return Hello(
        protocol_min=1,
        protocol_max=1,
        cluster="c",
        node=process.node,
        instance=process.node,
        boot=process.boot,
        build="1",
        listen_port=1,
        web_url="",
        term=facts.term if facts else 0,
        role=facts.role if facts else Role.STARTING,
        paused=facts.paused if facts else False,
        paused_revision=facts.paused_revision if facts else 0,
    )


def beat_of(process):
    facts = process.facts
    return Heartbeat(
        term=facts.term,
        role=facts.role,
        healthy=process.machine.memory.healthy,
        problems=(),
        sees_data_center=facts.sees_data_center,
        free_capacity=4,
        marks={},
        seq=process.seq,
        echo_seq=0,
        echo_age_ms=0,
        paused=facts.paused,
        paused_revision=facts.paused_revision,
        priority=facts.priority,
    )


def ask(lease, call):
    match call.kind:
        case "look":
            return lease.look()
        case "acquire":
            return lease.acquire(call.term, peer_is_dead=call.peer_is_dead)
        case "renew":
            return lease.renew(call.term)
        case "transfer":
            return lease.transfer(call.term, call.to_node)
        case _:
            return lease.release(call.term)
