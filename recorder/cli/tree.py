"""Puts the command line together; other packages add commands by entry point.

A command module exposes a `cyclopts.App` under the group `tandem.command`.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from cyclopts import App, CycloptsError, MissingArgumentError

from recorder.cli import (
    agent,
    audit,
    config_commands,
    contact,
    das,
    finding,
    health,
    hold,
    item,
    node,
    pair_commands,
    recovery,
    retention,
    scrub,
    source,
)
from recorder.cli.arguments import command_of
from recorder.cli.certs import certs
from recorder.cli.errors import CliError, Exit
from recorder.cli.missing import what_to_type
from recorder.cli.output import say
from recorder.cli.prove import prove
from recorder.desktop.command import app as agent_desktop
from recorder.plugins import COMMAND_GROUP
from recorder.version import build


def run_command(words: list[str]) -> int:
    """Run one command; returns its exit status. Raises CliError."""
    app = build_app(command_of(words))
    try:
        result = app(words, exit_on_error=False, print_error=False, result_action="return_value")
    except MissingArgumentError as error:
        message, hint = what_to_type(error)
        raise CliError(message, Exit.USAGE, hint=hint) from error
    except CycloptsError as error:
        hint = "`tandem --help` and `tandem COMMAND --help` show what there is."
        raise CliError(str(error), Exit.USAGE, hint=hint) from error
    return int(result) if isinstance(result, int) else Exit.DONE


def build_app(command: str = "") -> App:
    """The command tree; without the plug-ins where `command` is one of our own."""
    app = App(
        name="tandem",
        help="Two recorder nodes that lose nothing and store nothing twice.",
        version=build(),
        suppress_keyboard_interrupt=False,
    )
    app.command(node.app)
    app.command(source.app)
    app.command(item.app)
    app.command(finding.app)
    app.command(contact.app)
    app.command(audit.app)
    app.command(scrub.app)
    app.command(das.app)
    app.command(prove)
    app.command(recovery.app)
    app.command(retention.app)
    app.command(hold.app)
    app.command(config_commands.app)
    app.command(pair_commands.switchover)
    app.command(pair_commands.failover)
    app.command(pair_commands.pause)
    app.command(pair_commands.resume)
    app.command(health.health)
    app.command(certs)
    app.command(agent.app)
    app.command(agent_desktop)
    if not command or command not in app:
        _add_plugins(app)
    return app


def _add_plugins(app: App) -> None:
    for entry in sorted(entry_points(group=COMMAND_GROUP), key=lambda entry: entry.name):
        try:
            app.command(entry.load())
        except Exception as error:  # noqa: BLE001 - a broken plug-in must not take the rest away
            say(f"tandem: the command {entry.name!r} ({entry.value}) cannot be loaded: {error}")
