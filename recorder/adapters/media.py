"""Choose the media fetcher of a node."""

from __future__ import annotations

from recorder.adapters.media_httpx import HttpxMediaFetcher, httpx_transport
from recorder.errors import ConfigError
from recorder.ports.recording import MediaFetcher


def open_media_fetcher(
    choice: str,
    *,
    ca_file: str | None = None,
    user_agent: str = "tandem",
) -> MediaFetcher:
    """Make the fetcher for `choice`: auto, httpx or fast.

    `fast` needs the extra of that name; `auto` uses it where it is installed, else httpx.
    `ca_file` (PEM) adds a private authority. Raises ConfigError.
    """
    if choice != "httpx":
        try:
            from recorder.adapters.media_fast import FastMediaFetcher  # noqa: PLC0415 - optional
        except ImportError as error:
            if choice == "fast":
                raise ConfigError(
                    "ingest.media_fetcher = fast: the fast client is not installed",
                    hint="Install Tandem with the extra `fast`, or set media_fetcher to auto.",
                ) from error
        else:
            return FastMediaFetcher(ca_file=ca_file, user_agent=user_agent)
    try:
        return HttpxMediaFetcher(lambda: httpx_transport(ca_file=ca_file), user_agent=user_agent)
    except OSError as error:
        raise ConfigError(f"{ca_file} cannot be read: {error.strerror}") from error
