"""`tandem sim run`, `swarm` and `replay`: one world, many worlds, the same world again."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from recorder.cli.common import JsonFlag, from_file
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line, say
from sim.cli.faults import SIM
from sim.cli.numbers import Whole, counted, whole
from sim.cli.outputs import unwritable, writable

if TYPE_CHECKING:
    from sim.search.hunt import Hunt
    from sim.search.swarm import Profile
    from sim.world.incident import Incident
    from sim.world.report import Report

Minutes = Annotated[float, Parameter(validator=Number(gt=0, lte=10_000))]
Count = Annotated[int, Parameter(converter=whole, validator=Number(gte=1))]
_INCIDENTS = Path("var/incidents")
_TELL_EVERY = 100
_INTERRUPTED = 130
"""As a shell calls what Ctrl-C ended."""
_SEED = re.compile(r"-?[0-9]{1,40}")


@SIM.command
def run(
    *,
    seed: Whole = 0,
    minutes: Minutes = 5.0,
    calm: Annotated[bool, Parameter(negative=())] = False,
    sources: str = "dynamics",
    screens: Annotated[bool, Parameter(negative=())] = False,
    config: Path | None = None,
    trace: Path | None = None,
    save: Path | None = None,
    json: JsonFlag = False,
) -> int:
    """Live through one world: two nodes, calls, and the faults that the seed draws. Exit 0: kept.

    Args:
        seed: The same seed and program give the same execution.
        minutes: How long calls and faults last; then the world heals and is judged.
        calm: No faults.
        sources: What both nodes record, separated by commas: dynamics, zoom, webex; a second one of a kind
            is `dynamics2`.
        screens: Agents have desktops whose screens are recorded.
        config: A node's TOML file whose timings the nodes of the world take; its addresses, secrets and
            sources are ignored.
        trace: Write every event there.
        save: Write the incident there, for `tandem sim replay`.
        json: Answer with JSON on stdout.
    """
    # Imported here and below: the simulator is not in the memory of other commands.
    from dataclasses import replace  # noqa: PLC0415

    from sim.search.corpus import save_incident  # noqa: PLC0415
    from sim.search.swarm import random_incident  # noqa: PLC0415

    incident = random_incident(
        seed, 0, _profile(minutes, config, sources, every_source=True, screens=screens)
    )
    incident = replace(incident, seed=seed, faults=() if calm else incident.faults)
    writable(config, save, trace)
    if save is not None:
        with unwritable(save):
            save_incident(save, incident)
        say(f"the incident is in {save}; see it again: tandem sim replay {save} --html out.html")
    return _answer(incident, _lived(incident, trace), as_json=json)


@SIM.command
def replay(
    what: str,
    *,
    minutes: Minutes = 5.0,
    sources: str = "dynamics",
    screens: Annotated[bool, Parameter(negative=())] = False,
    html: Path | None = None,
    heat_runs: Annotated[int, Parameter(converter=whole, validator=Number(gte=0))] = 60,
    trace: Path | None = None,
    json: JsonFlag = False,
) -> int:
    """Live through an incident again, event by event as it was. Exit 0: every promise was kept.

    Args:
        what: An incident file, or the seed of `tandem sim run`; what was run with --config or --calm needs its
            file, from --save.
        minutes: As given to `tandem sim run`; a file knows its own.
        sources: The same.
        screens: The same.
        html: Write a picture of it there: one page without anything outside.
        heat_runs: At most so many more runs, with each fault moved and stretched, tell the picture when it is
            fatal; 0 for none. The page is there before they begin.
        trace: Write every event there.
        json: Answer with JSON on stdout.
    """
    from dataclasses import replace  # noqa: PLC0415

    from sim.search.swarm import random_incident  # noqa: PLC0415
    from sim.world.incident import read_incident  # noqa: PLC0415

    path = None if _SEED.fullmatch(what) else Path(what)
    if path is None:
        incident = random_incident(
            int(what), 0, _profile(minutes, None, sources, every_source=True, screens=screens)
        )
        incident = replace(incident, seed=int(what))
    else:
        incident = from_file(lambda: read_incident(path))
    writable(path, trace, html)
    report = _lived(incident, trace, html, heat_runs, path)
    return _answer(incident, report, as_json=json)


@SIM.command
def swarm(
    *,
    runs: Count | None = None,
    seed: Whole = 0,
    minutes: Minutes = 4.0,
    jobs: Count = 1,
    within_minutes: Minutes | None = None,
    reach_all: Annotated[bool, Parameter(negative=())] = False,
    keeping: Annotated[bool, Parameter(negative=())] = False,
    sources: str = "dynamics",
    screens: Annotated[bool, Parameter(negative=())] = False,
    config: Path | None = None,
    json: JsonFlag = False,
) -> int:
    """Live through many worlds with random faults, up to the first broken promise, and shorten that.

    Exit 0: every promise was kept in every run.

    Args:
        runs: How many; 100 unless a time is given.
        seed: Of the swarm; run N of a seed is the same world however many runs there are and however many
            processes share them.
        minutes: Simulated minutes of calls and faults in each run.
        jobs: Processes that share the work; changes no result.
        within_minutes: Begin no run after so many minutes of real time.
        reach_all: Fail also when an interesting situation never occurred in any run.
        keeping: With recoveries, files with ids, reconciliation and what only it finds, in some runs retention
            and holds as well.
        sources: As in `tandem sim run`; of several, half of the runs have all, the others some.
        screens: As in `tandem sim run`.
        config: As in `tandem sim run`.
        json: Answer with JSON on stdout.
    """
    from dataclasses import replace  # noqa: PLC0415

    from sim.search.sometimes import never, wanted  # noqa: PLC0415

    total = 100 if runs is None and within_minutes is None else runs
    profile = _profile(minutes, config, sources, every_source=False, screens=screens)
    profile = replace(profile, keeping=keeping)
    found, interrupted = _searched(seed, total, profile, jobs, within_minutes)
    if interrupted:
        return _so_far(found, as_json=json)
    missing = (
        never(
            found.counts or {},
            wanted(profile.sources, screens=profile.screens, keeping=profile.keeping),
        )
        if reach_all
        else ()
    )
    answer, story = _hunted(found)
    if json:
        print_json(answer | {"never": list(missing)})
    else:
        print_line(_summary(found))
        if found.failed is None:
            print_line("every promise was kept")
        for line in story:
            print_line(line)
    for situation in missing:
        say(f"never reached: {situation}")
    return 1 if found.failed is not None or missing else 0


def _searched(
    seed: int, runs: int | None, profile: Profile, jobs: int, within_minutes: float | None
) -> tuple[Hunt, bool]:
    """What the swarm came to, and whether Ctrl-C ended it."""
    from sim.search.hunt import Hunt, hunt  # noqa: PLC0415

    latest = Hunt(seed, profile)

    def tell(found: Hunt) -> None:
        nonlocal latest
        latest = found
        _told(found)

    within_s = None if within_minutes is None else within_minutes * 60
    try:
        found = hunt(seed, runs, profile=profile, jobs=jobs, within_s=within_s, tell=tell)
    except KeyboardInterrupt:
        return latest, True
    return found, False


def _so_far(found: Hunt, *, as_json: bool) -> int:
    if as_json:
        print_json(found.as_dict())
    else:
        print_line(_summary(found))
    good = found.runs and not found.violations
    kept = ": every promise was kept so far" if good else ""
    say(f"interrupted after {counted(found.runs, 'run')}{kept}")
    return _INTERRUPTED


def _profile(
    minutes: float, config: Path | None, sources: str, *, every_source: bool, screens: bool
) -> Profile:
    from sim.drill.operator_settings import settings_of  # noqa: PLC0415
    from sim.search.swarm import Profile  # noqa: PLC0415

    return Profile(
        minutes=minutes,
        sources=_sources(sources),
        every_source=every_source,
        screens=screens,
        settings={} if config is None else from_file(lambda: settings_of(config)),
    )


def _sources(text: str) -> tuple[str, ...]:
    from sim.world.kinds import KINDS, is_source  # noqa: PLC0415

    named = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    wrong = [name for name in named if not is_source(name)]
    if wrong or not named:
        known = ", ".join(KINDS)
        raise CliError(
            f"There is no source {wrong[0]}." if wrong else "No source is named.",
            Exit.USAGE,
            hint=f"--sources takes {known}, separated by commas; a second one of a kind is dynamics2.",
        )
    return named


def _lived(
    incident: Incident,
    trace: Path | None = None,
    html: Path | None = None,
    heat_runs: int = 0,
    path: Path | None = None,
) -> Report:
    """Live through it, which is in the file at `path` if in any; with its trace and its picture where wanted."""
    from recorder.tracing.rows import TraceRow, header_text, row_text  # noqa: PLC0415
    from sim.search.attempt import attempt  # noqa: PLC0415
    from sim.search.corpus import save_text  # noqa: PLC0415
    from sim.world.trace import world_header  # noqa: PLC0415

    if trace is None and html is None:
        with _named(path):
            return from_file(lambda: attempt(incident))
    rows: list[TraceRow] = []
    with _named(path):
        report = from_file(lambda: attempt(incident, rows.append))
    header = world_header(incident)
    if trace is not None:
        with unwritable(trace):
            save_text(trace, header_text(header) + "".join(map(row_text, rows)))
    if html is not None:
        from sim.picture import heat_map, write_picture  # noqa: PLC0415 - most runs want none

        from_file(lambda: write_picture(header, rows, report, html))
        if heat_runs and incident.faults:
            heat = heat_map(incident, runs_max=heat_runs)
            from_file(lambda: write_picture(header, rows, report, html, heat))
        say(f"the picture is in {html}: open it in a browser")
    return report


def _answer(incident: Incident, report: Report, *, as_json: bool) -> int:
    if as_json:
        print_json(report.as_dict())
        return 0 if report.good else 1
    for fault in incident.faults:
        print_line(str(fault))
    hours = f"{report.simulated_s:.0f} simulated seconds, {report.events} events"
    print_line(f"seed {report.seed}: {hours}, digest {report.digest}")
    for broken in report.violations:
        print_line(f"BROKEN  {broken}", "error")
    if report.good:
        print_line("every promise was kept")
    return 0 if report.good else 1


def _hunted(found: Hunt) -> tuple[dict[str, Any], list[str]]:
    """For scripts, and the story of the run that failed for people."""
    from sim.search.shrink import shrink  # noqa: PLC0415

    answer = found.as_dict()
    incident = found.incident()
    if incident is None or found.failed is None:
        return answer, []
    say(f"run {found.failed.index} broke a promise: looking for the shortest story …")
    short = shrink(incident, found.failed.report)
    name = f"swarm-{found.seed}-{found.failed.index}.json"
    path = _kept(name, short.incident, str(short.broken.violation))
    answer |= {
        "run": found.failed.index,
        "violations": [short.broken.as_dict()],
        "story": [str(fault) for fault in short.incident.faults],
        "incident": str(path),
    }
    return answer, [*short.story.splitlines(), f"tandem sim replay {path}"]


def _kept(name: str, incident: Incident, story: str) -> Path:
    """The file that it is in: what a search found is not lost because it cannot be where it should."""
    from sim.search.corpus import save_incident  # noqa: PLC0415

    path = _INCIDENTS / name
    try:
        save_incident(path, incident, story)
    except OSError as error:
        say(f"{path}: cannot be written: {error.strerror}; it is elsewhere, see below")
        path = Path(mkdtemp(prefix="tandem-incident-")) / name
        with unwritable(path):
            save_incident(path, incident, story)
    return path


def _summary(found: Hunt) -> str:
    hours = found.simulated_s / 3600
    rate = found.simulated_s / found.seconds if found.seconds else 0.0
    return (
        f"{counted(found.runs, 'run')}, {hours:.1f} simulated hours, "
        f"{counted(found.failovers, 'failover')}, {counted(found.faults, 'fault')} in {found.seconds:.0f} s ({rate:.0f} times real time)"
    )


def _told(found: Hunt) -> None:
    if found.runs % _TELL_EVERY == 0:
        say(_summary(found))


@contextmanager
def _named(path: Path | None) -> Generator[None]:
    """What is wrong with an incident is told with the file that it is in, where it is in one."""
    try:
        yield
    except CliError as error:
        if path is None or error.code is not Exit.USAGE:
            raise
        hint = error.hint or "Mend it there, then replay the file again."
        raise CliError(f"{path}: {error}", Exit.USAGE, hint=hint) from error
