"""Options every command takes, before or after its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter

from recorder.cli.client import NodeClient
from recorder.cli.errors import CliError, Exit
from recorder.errors import ConfigError, RecorderError

if TYPE_CHECKING:
    from recorder.config import Config

DEFAULT_URL = "http://127.0.0.1:8440"

JsonFlag = Annotated[bool, Parameter(negative=())]
T = TypeVar("T")


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Where the nodes are, and how to answer."""

    url: Annotated[str | None, Parameter(show_default=False)] = None
    """Address of a node, or several separated by commas. Also TANDEM_URL."""
    config: Annotated[Path | None, Parameter(show_default=False)] = None
    """A node's configuration file: its web address and token are used. Also TANDEM_CONFIG."""
    json: JsonFlag = False
    """Answer with JSON on stdout."""

    def client(self) -> NodeClient:
        """A client for the nodes meant by options or environment; options count more."""
        token = os.environ.get("TANDEM_TOKEN") or _token_from_file()
        urls = self.url
        path = self.config
        if path is None:
            urls = urls or os.environ.get("TANDEM_URL")
            path = config_from_environment()
        if path is not None and not (urls and token):
            config = _load(path)
            urls = urls or _url_of(config)
            token = token or _token_of(config)
        ca_file = os.environ.get("TANDEM_CA_FILE")
        found = [url.strip().rstrip("/") for url in (urls or DEFAULT_URL).split(",") if url.strip()]
        if not found:
            raise CliError(f"--url {urls}: names no address.", Exit.USAGE, hint="http://HOST:PORT")
        return NodeClient(found, token, ca_file=ca_file)

    def config_path(self) -> Path:
        """The file to work on. Raises CliError without one."""
        return needed_config(self.config)


def config_from_environment() -> Path | None:
    """TANDEM_CONFIG, if set."""
    path = os.environ.get("TANDEM_CONFIG")
    return Path(path) if path else None


def needed_config(given: Path | None) -> Path:
    """The file given, or that of TANDEM_CONFIG. Raises CliError without either."""
    path = given or config_from_environment()
    if path is None:
        raise CliError(
            "No configuration file is named.",
            Exit.USAGE,
            hint="Add --config FILE or TANDEM_CONFIG.",
        )
    return path


def from_file(work: Callable[[], T]) -> T:
    """What `work` makes of a configuration file; its faults end the command as usage errors."""
    try:
        return work()
    except ConfigError as error:
        raise CliError(str(error), Exit.USAGE, hint=error.hint) from error
    except RecorderError as error:
        raise CliError(str(error), Exit.FAILED, hint=error.hint) from error


def _token_from_file() -> str | None:
    path = os.environ.get("TANDEM_TOKEN_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(
            f"TANDEM_TOKEN_FILE: cannot read {path}: {getattr(error, 'strerror', 'no text')}",
            Exit.USAGE,
            hint="Point it to a readable file, or unset it.",
        ) from error


def _load(path: Path) -> Config:
    # Imported here: most commands need no configuration, and start faster without.
    from recorder.config import load_config  # noqa: PLC0415

    return from_file(lambda: load_config(path))


def _url_of(config: Config) -> str:
    web = config.web
    scheme = "https" if web.tls_certificate else "http"
    # A node that listens on every address is reached on this computer's own.
    own = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(web.listen.host)  # noqa: S104 - not bound here
    listens = f"{own}:{web.listen.port}" if own else str(web.listen)
    return web.public_url or f"{scheme}://{listens}"


def _token_of(config: Config) -> str | None:
    from recorder.adapters.secrets import FileSecrets  # noqa: PLC0415

    reference = config.web.token
    return None if reference is None else from_file(lambda: FileSecrets().read(reference))
