"""Secrets by reference: from the environment, from a file, or in clear for tests and demos."""

from __future__ import annotations

import os
from pathlib import Path

from recorder.errors import ConfigError

_HINT = "Write env:NAME, file:PATH or value:TEXT."


class FileSecrets:
    """Implements recorder.ports.recording.Secrets. Nothing is kept: a mended file is seen at the next read.

    Any thread. No error, log line or repr of this class holds the text of a secret.
    """

    def read(self, reference: str) -> str:
        """The secret behind `env:NAME`, `file:PATH` (without trailing line ends) or `value:TEXT`.

        Raises ConfigError that names the reference, but only the word `value` of a `value:TEXT`.
        """
        kind, _, rest = reference.partition(":")
        if kind == "value":
            return self._not_empty(rest, "value:…")
        if kind == "env" and rest:
            if rest not in os.environ:
                raise ConfigError(
                    f"secret {reference}: no such environment variable",
                    hint=f"Set {rest} in the environment of the process that needs it, or use file:PATH.",
                )
            return self._not_empty(os.environ[rest], reference)
        if kind == "file" and rest:
            return self._not_empty(self._from_file(rest, reference), reference)
        raise ConfigError("a reference to a secret is of no known kind", hint=_HINT)

    def _from_file(self, path: str, reference: str) -> str:
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise ConfigError(
                f"secret {reference}: {error.strerror or type(error).__name__}",
                hint="The file must exist and be readable by the user the node runs as.",
            ) from error
        except UnicodeDecodeError:
            raise ConfigError(
                f"secret {reference}: the file is no UTF-8 text",
                hint="Put the secret alone into the file, as plain text.",
            ) from None

    def _not_empty(self, text: str, reference: str) -> str:
        if not text:
            raise ConfigError(f"secret {reference}: it is empty", hint=_HINT)
        return text
