"""`tandem agent`: what the nodes know of agents, and which of them records whom."""

from __future__ import annotations

from typing import Any

from cyclopts import App

from recorder.cli.client import READ_TIMEOUT_S, NodeClient
from recorder.cli.common import Common
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, print_table, short_instant
from recorder.cli.watch import Watch, watched

_COLUMNS = ("Name", "Agent", "State", "Call", "Since (UTC)", "Until", "Screen", "Recorded by")

app = App(name="agent", help="Agents: what they do now, and which node records their screens.")


@app.command(name="list")
def list_agents(*, legs: bool = False, watch: Watch = None, common: Common | None = None) -> None:
    """Agents of whom something was heard lately: state, newest call, and the node their desktop is connected to.

    Every node named is asked; one that does not answer is said to be silent.

    Args:
        legs: Every call at hand of each agent, not the newest alone.
        watch: Look again every so many seconds (2 without a number).
    """
    options = common or Common()
    client = options.client()

    def look(again: bool) -> None:  # noqa: FBT001 - as `watched` calls it
        view = _read(client)
        if options.json:
            print_json(view, one_line=again)
        else:
            _show(view, legs=legs)

    watched(watch, look)


def _read(client: NodeClient) -> dict[str, Any]:
    """What each node says, put together by agent."""
    nodes: list[dict[str, Any]] = []
    silent: list[CliError] = []
    for url in client.urls:
        try:
            nodes.append(_told(client, url))
        except CliError as error:
            if error.code is not Exit.UNREACHABLE:
                raise
            silent.append(error)
    if not nodes:
        raise silent[0]
    agents: dict[str, dict[str, Any]] = {}
    for node in nodes:
        for one in node["agents"]:
            known = agents.setdefault(one["agent"], {**one, "node": None, "streaming": False})
            if one.get("name"):
                known.setdefault("name", one["name"])
            if len(one["legs"]) > len(known["legs"]):
                known |= {name: one[name] for name in ("state", "legs")}
            if one.get("desktop"):
                known |= {
                    "node": node["node"],
                    "desktop": one["desktop"],
                    "streaming": one["streaming"],
                }
    counts = [
        {name: node[name] for name in node if name not in {"agents", "screens"}} for node in nodes
    ]
    return {
        "agents": [agents[name] for name in sorted(agents)],
        "nodes": counts,
        "silent": [str(error) for error in silent],
    }


def _told(client: NodeClient, url: str) -> Any:
    asked = {"screens": "true"}
    return client.request(url, "GET", "/api/v1/agents", params=asked, timeout_s=READ_TIMEOUT_S)


def _show(view: dict[str, Any], *, legs: bool) -> None:
    rows = [row for agent in view["agents"] for row in _rows(agent, every=legs)]
    if rows:
        print_table(_COLUMNS, rows)
    else:
        print_line("Nothing was heard of any agent lately.")
    for node in view["nodes"]:
        print_line(
            f"{node['node']}: {node['heard']} events heard, {node['told']} told, "
            f"{node['doubled']} doubled, {node['waiting']} waiting for the Data Center"
        )
        if node.get("problem"):
            print_line(f" ! {node['node']}: {node['problem']}", "warning")
    for text in view["silent"]:
        print_line(f" ! {text}", "warning")


def _rows(agent: dict[str, Any], *, every: bool) -> list[list[str]]:
    shown = agent["legs"] if every else agent["legs"][-1:]
    first = [agent.get("name", ""), agent["agent"], agent["state"]]
    by = _recorded_by(agent)
    if not shown:
        return [[*first, "", "", "", "", by]]
    rows: list[list[str]] = []
    for leg in shown:
        until = leg["span"].get("end")
        rows.append(
            [
                *(first if not rows else ["", "", ""]),
                leg["call"],
                short_instant(leg["span"]["begin"]),
                f"{short_instant(until)} {leg.get('ended_by', '')}" if until else "lasts",
                leg.get("screen", leg["verdict"]),
                by if not rows else "",
            ]
        )
    return rows


def _recorded_by(agent: dict[str, Any]) -> str:
    if agent.get("node") is None:
        return "no desktop" if agent["state"] != "idle" else ""
    return f"{agent['node']}" if agent["streaming"] else f"({agent['node']})"
