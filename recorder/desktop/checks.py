"""What `--check` looks at: everything that can be wrong on this computer, and whether each node takes its token.

Nothing is changed, and no desktop registers.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from cluster.adapters.real_clock import RealClock
from recorder.adapters.secrets import FileSecrets
from recorder.desktop.dialing import Dial, trusting
from recorder.desktop.node_question import Answer, ask_node
from recorder.desktop.screens import MssScreens
from recorder.desktop.settings import NOT_ENCRYPTED, DesktopSettings
from recorder.desktop.spool_folder import refuse_open_folder
from recorder.errors import ConfigError, RecorderError
from recorder.scn.desktop_tokens import desktop_named
from recorder.version import build


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was looked at."""

    what: str
    good: bool
    text: str
    next_step: str = ""
    warning: bool = False
    """It works, and should not be left so."""

    @property
    def line(self) -> str:
        """For people."""
        text = f"{self.text.rstrip('.')}. {self.next_step}" if self.next_step else self.text
        return f"{self.what}: {text}"


def findings_of(settings: DesktopSettings) -> tuple[Checked, ...]:
    """One for each thing, good or not; nodes are asked for `nodes.connect_s` at most."""
    return (
        _tried("nodes.token", lambda: _token(settings)),
        _tried("nodes.ca_file", lambda: _certificates(settings)),
        _addresses(settings),
        *_nodes(settings),
        _tried("spool.folder", lambda: _folder(settings)),
        _tried("screen", lambda: _screen(settings)),
    )


def _tried(what: str, look: Callable[[], str]) -> Checked:
    try:
        return Checked(what, good=True, text=look())
    except RecorderError as error:
        return _wrong(what, error)
    except OSError as error:
        return Checked(what, good=False, text=error.strerror or type(error).__name__)


def _wrong(what: str, error: RecorderError) -> Checked:
    return Checked(what, good=False, text=str(error), next_step=error.hint)


def _token(settings: DesktopSettings) -> str:
    owner, mine = desktop_named(FileSecrets().read(settings.nodes.token)), settings.desktop.id
    if owner not in {None, mine}:
        raise ConfigError(
            f"it is the token of the desktop {owner}, and this is {mine}",
            hint=f"Print one with `tandem agent-desktop token --desktop {mine}` on a node.",
        )
    return "there is one" if owner is None else f"that of {owner}"


def _certificates(settings: DesktopSettings) -> str:
    if settings.nodes.ca_file is None:
        return "the system's"
    ssl.create_default_context(cafile=settings.nodes.ca_file)
    return str(settings.nodes.ca_file)


def _addresses(settings: DesktopSettings) -> Checked:
    plain = settings.open_addresses()
    if not plain:
        return Checked("nodes.urls", good=True, text=", ".join(settings.nodes.urls))
    return Checked(
        "nodes.urls",
        good=True,
        text=f"not encrypted: {', '.join(plain)}",
        next_step=NOT_ENCRYPTED,
        warning=True,
    )


def _nodes(settings: DesktopSettings) -> tuple[Checked, ...]:
    """One for each node, in the order of the file; they are asked at the same time."""
    try:
        token = FileSecrets().read(settings.nodes.token)
    except RecorderError:
        return tuple(
            Checked(f"node {url}", good=False, text="not asked", next_step="It needs nodes.token.")
            for url in settings.nodes.urls
        )
    return asyncio.run(_all_nodes(settings, token))


async def _all_nodes(settings: DesktopSettings, token: str) -> tuple[Checked, ...]:
    return tuple(
        await asyncio.gather(*(_node(settings, url, token) for url in settings.nodes.urls))
    )


async def _node(settings: DesktopSettings, url: str, token: str) -> Checked:
    what, nodes = f"node {url}", settings.nodes
    try:
        answer = await ask_node(Dial(url, token, trusting(url, nodes.ca_file), nodes.connect_s))
    except RecorderError as error:
        return _wrong(what, error)
    tls = "certificate trusted" if url.startswith("wss:") else "no TLS"
    return Checked(what, good=True, text=f"{_who(answer)}, {tls}, takes the token")


def _who(answer: Answer) -> str:
    """With its version where that differs from this one's."""
    if not answer.node:
        return "a node that does not say its version, as older ones"
    same = answer.build == build()
    return f"{answer.node}, version {answer.build}" + ("" if same else f" (here {build()})")


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
