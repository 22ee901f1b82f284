"""`tandem health`: one answer for scripts, with its reasons for people."""

from __future__ import annotations

from typing import Any

from recorder.cli.common import Common
from recorder.cli.errors import Exit
from recorder.cli.output import print_json, print_line, short_instant


def health(*, common: Common | None = None) -> int:
    """Whether all is well. Exit 0: yes; 1: someone must act; 5: degraded, it may heal; 3: no answer."""
    options = common or Common()
    view = options.client().get("/health")
    code = _judge(view)
    if options.json:
        print_json({**view, "exit": int(code)})
        return code
    words = {Exit.DONE: "well", Exit.TEMPORARY: "degraded", Exit.FAILED: "someone must act"}
    print_line(f"{view['node']}: {words[code]}")
    for reason in dict.fromkeys([*view["live"]["reasons"], *view["ready"]["reasons"]]):
        print_line(f"  {reason}")
    for finding in view["findings"]:
        since = short_instant(finding["since"])
        level = finding["level"]
        print_line(f"  {level} {finding['code']}: {finding['what']} (since {since} UTC)", level)
        if finding["hint"]:
            print_line(f"    → {finding['hint']}")
    return code


def _judge(view: dict[str, Any]) -> Exit:
    levels = {finding["level"] for finding in view["findings"]}
    if not view["live"]["ok"] or "error" in levels:
        return Exit.FAILED
    if not view["ready"]["ok"] or "warning" in levels:
        return Exit.TEMPORARY
    return Exit.DONE
