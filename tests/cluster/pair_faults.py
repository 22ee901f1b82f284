"""What can go wrong in the adversarial world, and what operators and nodes do at any instant.

A fault is active from `at_s` for `for_s` seconds. Most are only looked up while they are active;
those here also do something when they begin or end.
"""

from cluster.messages import (
    DutyFailing,
    Failover,
    HealthChanged,
    SetPaused,
    StepDownAndStop,
    Switchover,
)

S = 1_000_000_000

KINDS = (
    "crash",
    "stop",
    "cut",
    "dc_cut",
    "dc_slow",
    "answer_lost",
    "loss",
    "jitter",
    "disk_full",
    "switchover",
    "exit",
)
"""Faults of the world, a planned change, and a planned exit."""

MORE_KINDS = (
    "reset",
    "mute",
    "slow_disk",
    "slow_duty",
    "unhealthy",
    "failing",
    "pause",
    "failover",
    "failover_without_peer",
)
"""More faults, a node's own troubles, and an operator's other commands."""


def begin(world, fault):
    """What a fault does when it begins."""
    for name in fault.node:
        process = world.processes.get(name)
        if process is None:
            continue
        match fault.kind:
            case "crash":
                world.crash(name)
            case "stop":
                process.stopped = process.alive
            case "reset":
                world.reset_links()
            case "exit":
                world.deliver(process, StepDownAndStop(world.answers))
                world.at(2.0, lambda process=process: _leave(world, process))
            case _:
                _tell(world, process, fault.kind)


def _tell(world, process, kind):
    match kind:
        case "switchover":
            world.deliver(process, Switchover("", world.answers))
        case "pause":
            world.deliver(process, SetPaused(True, world.answers))
        case "failover":
            world.deliver(process, Failover(False, world.answers))
        case "failover_without_peer":
            # Its operator answers for it that the peer is stopped. In this world it may not be.
            world.overruled_until_ns = world.now_ns + 30 * S
            world.deliver(process, Failover(True, world.answers))
        case "unhealthy" | "failing":
            tell_troubles(world, process)


def end(world, fault):
    """What is done when a fault is over."""
    for name in fault.node:
        process = world.processes.get(name)
        match fault.kind:
            case "crash" | "exit":
                if fault.kind == "exit":
                    world.crash(name)
                if not world.is_active("crash", name):
                    world.start(name)
            case "stop" if process is not None and process.stopped:
                world.resume(process)
            case "pause" if process is not None:
                world.deliver(process, SetPaused(False, world.answers))
            case "unhealthy" | "failing" if process is not None:
                tell_troubles(world, process)


def tell_troubles(world, process):
    """What the supervisor and the duty holder find now, for a new process too."""
    sick = world.is_active("unhealthy", process.node)
    world.deliver(process, HealthChanged(not sick, ("disk full",) if sick else ()))
    failing = world.is_active("failing", process.node)
    world.deliver(process, DutyFailing("poller", "the secret was refused" if failing else ""))


def _leave(world, process):
    if world.processes[process.node] is process:
        world.crash(process.node)
