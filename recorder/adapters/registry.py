"""Finds data source plug-ins by entry point. One broken plug-in never stops a node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeAlias, cast

from pydantic import BaseModel, ValidationError

from recorder.errors import ConfigError
from recorder.plugins import DATA_SOURCE_GROUP, DataSourcePlugin, SourceDeps
from recorder.ports.recording import DataSource


class PluginStatus(StrEnum):
    """What became of a plug-in."""

    ENABLED = "enabled"
    """It serves."""
    DISABLED = "disabled"
    """The configuration says not to use it."""
    STOPPED_BY_LOAD_ERROR = "stopped_by_load_error"
    """Its code could not be imported."""
    STOPPED_BY_CONFIG_ERROR = "stopped_by_config_error"
    """The source's settings are wrong, or it could not be opened with them."""
    STOPPED_BY_SELF_CHECK = "stopped_by_self_check"
    """What was imported is no data source plug-in of that kind."""


@dataclass(frozen=True, slots=True)
class LoadProblem:
    """Why a plug-in does not serve."""

    kind: str
    status: PluginStatus
    what: str
    hint: str


Loaded: TypeAlias = DataSourcePlugin | LoadProblem


def _installed() -> Iterable[EntryPoint]:
    return entry_points(group=DATA_SOURCE_GROUP)


class PluginRegistry:
    """The installed kinds of data sources. `found` gives the entry points; tests bring their own."""

    def __init__(
        self,
        *,
        disabled: frozenset[str] = frozenset(),
        found: Callable[[], Iterable[EntryPoint]] = _installed,
    ) -> None:
        self._disabled = disabled
        self._found = found

    def load(self) -> Mapping[str, Loaded]:
        """Every installed kind, in order of name: its plug-in, or why it does not serve.

        Two packages that offer the same kind are a problem of both: neither is guessed.
        """
        by_kind: dict[str, list[EntryPoint]] = {}
        for entry in sorted(self._found(), key=lambda entry: (entry.name, entry.value)):
            same = by_kind.setdefault(entry.name, [])
            if entry not in same:
                same.append(entry)
        return {kind: self._load(kind, entries) for kind, entries in by_kind.items()}

    def _load(self, kind: str, entries: list[EntryPoint]) -> Loaded:
        if kind in self._disabled:
            return LoadProblem(kind, PluginStatus.DISABLED, "disabled by configuration", "")
        if len(entries) > 1:
            offers = ", ".join(entry.value for entry in entries)
            what = f"offered more than once: {offers}"
            hint = "Uninstall all packages but one of them."
            return LoadProblem(kind, PluginStatus.STOPPED_BY_LOAD_ERROR, what, hint)
        try:
            plugin: object = entries[0].load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's module may do anything
            what = f"{entries[0].value} cannot be imported: {type(error).__name__}: {error}"
            hint = "Reinstall or update the package that brings this adapter."
            return LoadProblem(kind, PluginStatus.STOPPED_BY_LOAD_ERROR, what, hint)
        fault = _fault(kind, plugin)
        if fault:
            what = f"{entries[0].value} is no data source plug-in: {fault}"
            hint = "Update the package that brings this adapter: it was made for another Tandem."
            return LoadProblem(kind, PluginStatus.STOPPED_BY_SELF_CHECK, what, hint)
        return cast("DataSourcePlugin", plugin)


def _fault(kind: str, plugin: object) -> str:
    """What is wrong with the object an entry point gave; empty when nothing is."""
    try:
        its_kind: object = getattr(plugin, "kind", None)
        settings: object = getattr(plugin, "settings", None)
        opens = callable(getattr(plugin, "open", None))
    except Exception as error:  # noqa: BLE001 - its properties are a stranger's code too
        return f"{type(error).__name__}: {error}"
    if its_kind != kind:
        return f"its kind is {its_kind!r}"
    if not isinstance(settings, type) or not issubclass(settings, BaseModel):
        return "its settings are no pydantic model"
    return "" if opens else "it has no method open"


def status_of(loaded: Loaded) -> PluginStatus:
    """The status of one entry of `PluginRegistry.load`."""
    return loaded.status if isinstance(loaded, LoadProblem) else PluginStatus.ENABLED


def open_source(
    loaded: Loaded, settings: Mapping[str, Any], deps: SourceDeps
) -> DataSource | LoadProblem:
    """Open a configured source; `settings` are its adapter's keys. Never raises for its faults."""
    if isinstance(loaded, LoadProblem):
        return loaded
    kind, where = loaded.kind, f"sources.{deps.name}"
    try:
        return loaded.open(loaded.settings.model_validate(settings), deps)
    except ValidationError as error:
        what = "\n".join(f"{where}.{line}" for line in setting_faults(error))
        hint = "Mend these keys, then try `tandem config check`."
        return LoadProblem(kind, PluginStatus.STOPPED_BY_CONFIG_ERROR, what, hint)
    except ConfigError as error:
        what = f"{where}: {error}"
        return LoadProblem(kind, PluginStatus.STOPPED_BY_CONFIG_ERROR, what, error.hint)
    except Exception as error:  # noqa: BLE001 - a stranger's adapter may do anything
        what = f"{where}: {type(error).__name__} when it was opened"
        hint = "Update or report the package that brings this adapter."
        return LoadProblem(kind, PluginStatus.STOPPED_BY_SELF_CHECK, what, hint)


def setting_faults(error: ValidationError) -> list[str]:
    """One line per wrong key: its path and what is wrong, never the value."""
    lines: list[str] = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        path = ".".join(str(part) for part in item["loc"]) or "(whole table)"
        words = {"extra_forbidden": "unknown key", "missing": "missing"}
        text = words.get(item["type"], item["msg"].removeprefix("Value error, "))
        lines.append(f"{path}: {text}")
    return lines
