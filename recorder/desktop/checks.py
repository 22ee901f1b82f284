"""What `--check` looks at: everything that can be wrong on this computer alone. Nothing is changed or sent."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from cluster.real_clock import RealClock
from recorder.adapters.secrets import FileSecrets
from recorder.desktop.screens import MssScreens
from recorder.desktop.settings import DesktopSettings
from recorder.desktop.spool_folder import refuse_open_folder
from recorder.errors import RecorderError


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was looked at."""

    what: str
    good: bool
    text: str


def findings_of(settings: DesktopSettings) -> tuple[Checked, ...]:
    """One for each thing, good or not."""
    return (
        _tried("nodes.token", lambda: _token(settings)),
        _tried("nodes.ca_file", lambda: _certificates(settings)),
        _tried("nodes.urls", lambda: _addresses(settings)),
        _tried("spool.folder", lambda: _folder(settings)),
        _tried("screen", lambda: _screen(settings)),
    )


def _tried(what: str, look: Callable[[], str]) -> Checked:
    try:
        return Checked(what, good=True, text=look())
    except RecorderError as error:
        return Checked(
            what, good=False, text=f"{error}. {error.hint}" if error.hint else str(error)
        )
    except OSError as error:
        return Checked(what, good=False, text=error.strerror or type(error).__name__)


def _token(settings: DesktopSettings) -> str:
    FileSecrets().read(settings.nodes.token)
    return "there is one"


def _certificates(settings: DesktopSettings) -> str:
    if settings.nodes.ca_file is None:
        return "the system's"
    ssl.create_default_context(cafile=settings.nodes.ca_file)
    return str(settings.nodes.ca_file)


def _addresses(settings: DesktopSettings) -> str:
    plain = settings.open_addresses()
    return f"not encrypted: {', '.join(plain)}" if plain else ", ".join(settings.nodes.urls)


def _folder(settings: DesktopSettings) -> str:
    folder = settings.spool.folder
    if not folder.exists():
        return f"{folder} will be made"
    refuse_open_folder(folder)
    probe = folder / "check"
    probe.write_bytes(b"")
    probe.unlink()
    return str(folder)


def _screen(settings: DesktopSettings) -> str:
    one = settings.screen
    screens = MssScreens(
        monitors=one.monitors, cursor=one.cursor, display=one.display, clock=RealClock()
    )
    try:
        picture = screens.grab()
    finally:
        screens.close()
    return f"{picture.width}x{picture.height}"
