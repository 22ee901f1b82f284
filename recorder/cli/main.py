"""The `tandem` program: which command, and how it ends."""

from __future__ import annotations

import os
import sys

from recorder.cli.arguments import normalized
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import complain
from recorder.cli.start_node import plain_options, start_node
from recorder.errors import ConfigError, RecorderError

_INTERRUPTED = 130


def main() -> None:
    """The `tandem` program."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit status."""
    words = normalized(arguments)
    try:
        status = _run(words)
        sys.stdout.flush()
    except CliError as error:
        complain(str(error), error.hint)
        return error.code
    except RecorderError as error:
        complain(str(error), error.hint)
        return Exit.USAGE if isinstance(error, ConfigError) else Exit.FAILED
    except BrokenPipeError:
        # Whoever read has enough. Nothing may be flushed into the closed pipe at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _run(words: list[str]) -> int:
    node = plain_options(words)
    if node is not None:
        return start_node(node[0], as_json=node[1])
    from recorder.cli.tree import run_command  # noqa: PLC0415 - not in a node's memory

    return run_command(words)


if __name__ == "__main__":
    main()
