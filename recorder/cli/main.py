"""Puts the command line together; other packages add commands by entry point.

A command module exposes a `cyclopts.App` under the group `tandem.command`.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points, version

from cyclopts import App, CycloptsError

from recorder.cli import config_commands, contact, health, item, node, pair_commands, source
from recorder.cli.certs import certs
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import say
from recorder.plugins import COMMAND_GROUP


def build_app() -> App:
    """The whole command tree."""
    app = App(
        name="tandem",
        help="Two recorder nodes that lose nothing and store nothing twice.",
        version=version("tandem-recorder"),
    )
    app.command(node.app)
    app.command(source.app)
    app.command(item.app)
    app.command(contact.app)
    app.command(config_commands.app)
    app.command(pair_commands.switchover)
    app.command(pair_commands.failover)
    app.command(pair_commands.pause)
    app.command(pair_commands.resume)
    app.command(health.health)
    app.command(certs)
    for entry in sorted(entry_points(group=COMMAND_GROUP), key=lambda entry: entry.name):
        try:
            app.command(entry.load())
        except Exception as error:  # noqa: BLE001 - a broken plug-in must not take the rest away
            say(f"tandem: the command {entry.name!r} ({entry.value}) cannot be loaded: {error}")
    return app


def main() -> None:
    """The `tandem` program."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit status."""
    try:
        result = build_app()(
            arguments, exit_on_error=False, print_error=True, result_action="return_value"
        )
    except CycloptsError:
        return Exit.USAGE
    except CliError as error:
        say(f"tandem: {error}")
        if error.hint:
            say(f"        {error.hint}")
        return error.code
    except BrokenPipeError:
        return Exit.DONE
    except KeyboardInterrupt:
        return 130
    return int(result) if isinstance(result, int) else Exit.DONE


if __name__ == "__main__":
    main()
