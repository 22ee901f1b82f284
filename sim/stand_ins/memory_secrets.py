"""The Secrets port in memory: no environment and no file of the machine gets into a simulated node."""

from __future__ import annotations

from dataclasses import dataclass, field

from recorder.errors import ConfigError

_HINT = "Write env:NAME, file:PATH or value:TEXT."


@dataclass
class MemorySecrets:
    """Implements recorder.ports.recording.Secrets. Both maps may change at any time."""

    environment: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    files: dict[str, bytes] = field(default_factory=dict[str, bytes], repr=False)

    def read(self, reference: str) -> str:
        """See the port."""
        kind, _, rest = reference.partition(":")
        match kind:
            case "value":
                text, shown = rest, "value:…"
            case "env" if rest:
                text, shown = self.environment.get(rest), reference
            case "file" if rest:
                text, shown = self._from_file(rest), reference
            case _:
                raise ConfigError("a reference to a secret is of no known kind", hint=_HINT)
        if not text:
            what = "there is none" if text is None else "it is empty"
            raise ConfigError(f"secret {shown}: {what}", hint=_HINT)
        return text

    def _from_file(self, path: str) -> str | None:
        held = self.files.get(path)
        if held is None:
            return None
        try:
            return held.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise ConfigError(f"secret file:{path}: no UTF-8 text", hint=_HINT) from None
