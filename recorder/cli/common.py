"""Options every command takes, before or after its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from recorder.cli.client import NodeClient
from recorder.cli.errors import CliError, Exit
from recorder.errors import ConfigError

DEFAULT_URL = "http://127.0.0.1:8440"


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Where the nodes are, and how to answer."""

    url: Annotated[str | None, Parameter(show_default=False)] = None
    """Address of a node, or several separated by commas. Also TANDEM_URL."""
    config: Annotated[Path | None, Parameter(show_default=False)] = None
    """A node's configuration file: its web address and token are used."""
    json: Annotated[bool, Parameter(negative=())] = False
    """Answer with JSON on stdout."""

    def client(self) -> NodeClient:
        """A client for the nodes meant by options or environment."""
        token = os.environ.get("TANDEM_TOKEN") or _token_from_file()
        urls = self.url or os.environ.get("TANDEM_URL") or ""
        ca_file = os.environ.get("TANDEM_CA_FILE")
        if self.config is not None:
            config_url, config_token = _from_config(self.config)
            urls = urls or config_url
            token = token or config_token
        found = [url.strip().rstrip("/") for url in (urls or DEFAULT_URL).split(",") if url.strip()]
        return NodeClient(found, token, ca_file=ca_file)


def _token_from_file() -> str | None:
    path = os.environ.get("TANDEM_TOKEN_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise CliError(
            f"TANDEM_TOKEN_FILE: cannot read {path}: {error.strerror}",
            Exit.USAGE,
            hint="Point it to a readable file, or unset it.",
        ) from error


def _from_config(path: Path) -> tuple[str, str | None]:
    # Imported here: most commands need no configuration, and start faster without.
    from recorder.adapters.secrets import FileSecrets  # noqa: PLC0415
    from recorder.config import load_config  # noqa: PLC0415

    try:
        config = load_config(path)
        token = FileSecrets().read(config.web.token) if config.web.token else None
    except ConfigError as error:
        raise CliError(str(error), Exit.USAGE, hint=error.hint) from error
    scheme = "https" if config.web.tls_certificate else "http"
    return config.web.public_url or f"{scheme}://{config.web.listen}", token
