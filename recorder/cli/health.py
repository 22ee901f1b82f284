"""`tandem health`: one answer for scripts, with its reasons for people."""

from __future__ import annotations

from typing import Any

from recorder.cli.client import READ_TIMEOUT_S, NodeClient
from recorder.cli.common import Common
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, say, short_instant

_WORST_FIRST = (Exit.FAILED, Exit.TEMPORARY, Exit.DONE)
_WORDS = {Exit.DONE: "well", Exit.TEMPORARY: "degraded", Exit.FAILED: "someone must act"}


def health(*, common: Common | None = None) -> int:
    """Whether all is well. Exit 0: yes; 1: someone must act; 5: degraded, it may heal; 3: no answer.

    Every node named is asked; the worst counts.
    """
    options = common or Common()
    views = _asked(options.client())
    worst = min(views, key=lambda view: _WORST_FIRST.index(_judge(view)))
    code = _judge(worst)
    if options.json:
        others = [view for view in views if view is not worst]
        print_json({**worst, "others": others, "exit": int(code)})
        return code
    for view in views:
        _show(view)
    return code


def _asked(client: NodeClient) -> list[dict[str, Any]]:
    """What each node says of itself, in the order named. Raises CliError when none answers."""
    views: dict[str, dict[str, Any]] = {}
    silent: list[CliError] = []
    for url in client.urls:
        try:
            view = client.request(url, "GET", "/health", timeout_s=READ_TIMEOUT_S)
        except CliError as error:
            if error.code is not Exit.UNREACHABLE:
                raise
            silent.append(error)
        else:
            views.setdefault(view["node"], view)
    if not views:
        text = " ".join(str(error) for error in silent)
        raise CliError(text, Exit.UNREACHABLE, hint=silent[0].hint)
    for error in silent:
        say(str(error))
    return list(views.values())


def _show(view: dict[str, Any]) -> None:
    print_line(f"{view['node']}: {_WORDS[_judge(view)]}")
    for reason in dict.fromkeys([*view["live"]["reasons"], *view["ready"]["reasons"]]):
        print_line(f"  {reason}")
    for finding in view["findings"]:
        since = short_instant(finding["since"])
        level = finding["level"]
        print_line(f"  {level} {finding['code']}: {finding['what']} (since {since} UTC)", level)
        if finding["hint"]:
            print_line(f"    → {finding['hint']}")


def _judge(view: dict[str, Any]) -> Exit:
    levels = {finding["level"] for finding in view["findings"]}
    if not view["live"]["ok"] or "error" in levels:
        return Exit.FAILED
    if not view["ready"]["ok"] or "warning" in levels:
        return Exit.TEMPORARY
    return Exit.DONE
