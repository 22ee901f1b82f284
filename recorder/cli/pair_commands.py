"""Commands that change the pair: each waits until the nodes confirm and says what happened."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout

from recorder.cli.client import NodeClient
from recorder.cli.common import Common, JsonFlag
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import ask, confirm, is_interactive, print_json, print_line, say
from recorder.cli.pair_view import View, read_pair, show_pair

CONFIRM_TIMEOUT_S = 10.0
_LOOK_EVERY_S = 0.2


def switchover(
    *, to: str | None = None, yes: JsonFlag = False, common: Common | None = None
) -> int:
    """Change the primary as planned: no poll is skipped, downloads in hand go on.

    Args:
        to: The node that shall be primary; the other one if absent.
        yes: Do not ask.
    """
    options = common or Common()
    client = options.client()
    before = read_pair(client)
    others = [row["node"] for row in before["nodes"] if row["node"] != before.get("primary")]
    wanted = to or (others[0] if len(others) == 1 else None)
    if not yes:
        _agree(before, f"Hand the primary role over{f' to {wanted}' if wanted else ''}?")

    def confirmed(view: View) -> bool:
        roles = sorted(str(row.get("role")) for row in view["nodes"])
        return (
            _is_new_reign(before, view)
            and view.get("primary") == wanted
            and roles == ["primary", "secondary"]
            and len({row.get("term") for row in view["nodes"]}) == 1
        )

    return _command(options, client, "/api/v1/switchover", {"to_node": wanted}, confirmed)


def failover(
    *, without_peer: JsonFlag = False, yes: JsonFlag = False, common: Common | None = None
) -> int:
    """Make the node at --url primary although the other cannot agree.

    Args:
        without_peer: Although the peer may be alive out of sight: both may then poll for a while
            (costs API calls; loses and doubles nothing).
        yes: Do not ask.
    """
    options = common or Common()
    client = options.client()
    before = read_pair(client)
    node = before["answered"][0]
    if not yes:
        if without_peer:
            _agree_by_name(before, node)
        else:
            _agree(before, f"Make {node} primary by force?")

    def confirmed(view: View) -> bool:
        return _is_new_reign(before, view) and view.get("primary") == node

    body = {"without_peer": without_peer}
    return _command(options, client, "/api/v1/failover", body, confirmed)


def pause(*, common: Common | None = None) -> int:
    """No automatic role change on either node until `tandem resume`."""
    return _set_paused("/api/v1/pause", paused=True, common=common)


def resume(*, common: Common | None = None) -> int:
    """Automatic role changes again."""
    return _set_paused("/api/v1/resume", paused=False, common=common)


def _set_paused(path: str, *, paused: bool, common: Common | None) -> int:
    options = common or Common()

    def confirmed(view: View) -> bool:
        heard = [row for row in view["nodes"] if row["state"] != "silent"]
        return all(row.get("paused") is paused for row in heard)

    return _command(options, options.client(), path, {}, confirmed)


def _is_new_reign(before: View, view: View) -> bool:
    return (view.get("term") or 0) > (before.get("term") or 0)


def _command(
    options: Common,
    client: NodeClient,
    path: str,
    body: Mapping[str, object],
    confirmed: Callable[[View], bool],
) -> int:
    """Tell a node, then look until every node confirms; a lost answer may still come true."""
    lost: CliError | None = None
    answer: View = {}
    try:
        answer = client.post(path, body)
    except CliError as error:
        if error.code is not Exit.UNKNOWN:
            raise
        lost = error
    view = _wait(client, confirmed if answer.get("status") != "already" else lambda _view: True)
    if view is None:
        raise CliError(
            str(lost) if lost else f"{answer['message']}, but not every node confirmed it in time",
            Exit.UNKNOWN,
            hint="See `tandem node list` and `tandem node history`.",
        )
    if lost is not None:
        answer = {"status": "done", "message": "The answer was lost, but the nodes confirm it."}
    if options.json:
        print_json({**answer, "cluster": view})
        return Exit.DONE
    print_line(answer["message"])
    for row in view["nodes"]:
        if row["state"] == "silent":
            say(f"tandem: {row['node']} is silent; it learns of this when it is heard again")
    show_pair(view)
    return Exit.DONE


def _wait(client: NodeClient, confirmed: Callable[[View], bool]) -> View | None:
    """The first view of the pair that satisfies `confirmed`; None when none does in time."""
    end = time.monotonic() + CONFIRM_TIMEOUT_S  # noqa: TID251 - the command line waits
    while time.monotonic() < end:  # noqa: TID251
        try:
            view = read_pair(client)
        except CliError as error:
            if error.code not in {Exit.UNREACHABLE, Exit.TEMPORARY}:
                raise
        else:
            if confirmed(view):
                return view
        time.sleep(_LOOK_EVERY_S)  # noqa: TID251 - looks again until the nodes agree
    return None


def _agree(view: View, question: str) -> None:
    """Show the pair on stderr, then ask. Never asks without a terminal."""
    _show_before_asking(view)
    if not confirm(question):
        raise CliError("Nothing was changed.", Exit.FAILED)


def _agree_by_name(view: View, node: str) -> None:
    """For what may go wrong: the name of the node has to be typed."""
    _show_before_asking(view)
    say("The other node may be alive, out of sight: both would be primary until they meet.")
    if ask(f"Type the name of the node that shall be primary ({node}): ") != node:
        raise CliError("Nothing was changed.", Exit.FAILED)


def _show_before_asking(view: View) -> None:
    if not is_interactive():
        raise CliError(
            "This asks before it acts, and there is no terminal.", Exit.USAGE, hint="Add --yes."
        )
    with redirect_stdout(sys.stderr):  # stdout is for the answer alone
        show_pair(view)
