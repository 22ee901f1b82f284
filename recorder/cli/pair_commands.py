"""Commands that change the pair: each waits until both nodes confirm and says what happened."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from cyclopts import Parameter

from recorder.cli.client import NodeClient
from recorder.cli.common import Common
from recorder.cli.errors import CliError, Exit
from recorder.cli.node import show_cluster
from recorder.cli.output import confirm, is_interactive, print_json, print_line, say

CONFIRM_TIMEOUT_S = 10.0
_LOOK_EVERY_S = 0.2

View: TypeAlias = dict[str, Any]
Yes = Annotated[bool, Parameter(negative=())]


def switchover(*, to: str | None = None, yes: Yes = False, common: Common | None = None) -> int:
    """Change the primary as planned: no poll is skipped, downloads in hand go on.

    Args:
        to: The node that shall be primary; the other one if absent.
        yes: Do not ask.
    """
    options = common or Common()
    client = options.client()
    _agree(client, f"Hand the primary role over{f' to {to}' if to else ''}?", yes=yes)
    answer = client.post("/api/v1/switchover", {"to_node": to})
    return _report(options, client, answer)


def failover(*, without_peer: Yes = False, yes: Yes = False, common: Common | None = None) -> int:
    """Make the node at --url primary although the other cannot agree.

    Args:
        without_peer: Although the peer may be alive out of sight: both may then poll for a while
            (costs API calls; loses and doubles nothing).
        yes: Do not ask.
    """
    options = common or Common()
    client = options.client()
    _agree(client, "Take the primary role by force?", yes=yes)
    answer = client.post("/api/v1/failover", {"without_peer": without_peer})
    return _report(options, client, answer)


def pause(*, common: Common | None = None) -> int:
    """No automatic role change on either node until `tandem resume`."""
    return _set_paused("/api/v1/pause", paused=True, common=common)


def resume(*, common: Common | None = None) -> int:
    """Automatic role changes again."""
    return _set_paused("/api/v1/resume", paused=False, common=common)


def _set_paused(path: str, *, paused: bool, common: Common | None) -> int:
    options = common or Common()
    client = options.client()
    answer = client.post(path)
    views = _until(client, lambda view: view["paused"] is paused)
    return _finish(options, answer, views)


def _agree(client: NodeClient, question: str, *, yes: bool) -> None:
    """Show the pair, then ask, unless `yes`. Never asks without a terminal."""
    if yes:
        return
    if not is_interactive():
        raise CliError(
            "This asks before it acts, and there is no terminal.", Exit.USAGE, hint="Add --yes."
        )
    show_cluster(client.get("/api/v1/cluster"))
    if not confirm(question):
        raise CliError("Nothing was changed.", Exit.USAGE)


def _report(options: Common, client: NodeClient, answer: dict[str, Any]) -> int:
    """Wait until every node that can be reached agrees on one primary in one term."""
    term = client.get("/api/v1/cluster").get("term", 0)
    views = _until(
        client, lambda view: view.get("primary") is not None and view.get("term", 0) >= term
    )
    agreed = {(view.get("primary"), view.get("term")) for view in views}
    if len(agreed) != 1:
        raise CliError(
            "The nodes do not agree yet on who is primary.",
            Exit.UNKNOWN,
            hint="See `tandem node list` and `tandem node history`.",
        )
    return _finish(options, answer, views)


def _finish(options: Common, answer: dict[str, Any], views: list[dict[str, Any]]) -> int:
    if options.json:
        print_json({**answer, "cluster": views[0] if views else None})
    else:
        print_line(answer["message"])
        if views:
            show_cluster(views[0])
    return Exit.DONE if views else Exit.UNKNOWN


def _until(client: NodeClient, agreed: Callable[[View], bool]) -> list[dict[str, Any]]:
    """Each reachable node's view of the pair, as soon as all satisfy `agreed`."""
    first = client.get("/api/v1/cluster")
    urls = [node["url"] for node in first["nodes"] if node["url"]] or list(client.urls)
    end = time.monotonic() + CONFIRM_TIMEOUT_S  # noqa: TID251 - the command line waits
    views: list[dict[str, Any]] = []
    while time.monotonic() < end:  # noqa: TID251
        views = [view for url in urls if (view := _view(client, url)) is not None]
        if views and all(agreed(view) for view in views):
            return views
        time.sleep(_LOOK_EVERY_S)  # noqa: TID251 - looks again until both nodes agree
    say("tandem: not every node confirmed in time")
    return views


def _view(client: NodeClient, url: str) -> dict[str, Any] | None:
    try:
        return client.request(url, "GET", "/api/v1/cluster", timeout_s=2.0)
    except CliError:
        return None
