"""A package of somebody else, installed into a folder as an installer would: no network, no build tool."""

import os
import shutil
import tomllib
from pathlib import Path

TAPES = Path(__file__).parent / "tapes"
ROOT = Path(__file__).parents[2]


def install(project: Path, target: Path) -> Path:
    """Copy the package and write what an installer writes about it; returns `target`."""
    described = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    (package,) = described["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    shutil.copytree(
        project / package, target / Path(package).name, ignore=shutil.ignore_patterns("__pycache__")
    )
    name, version = described["project"]["name"], described["project"]["version"]
    notes = target / f"{name.replace('-', '_')}-{version}.dist-info"
    notes.mkdir()
    (notes / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, entries in described["project"]["entry-points"].items():
        lines += [f"[{group}]", *(f"{kind} = {value}" for kind, value in entries.items()), ""]
    (notes / "entry_points.txt").write_text("\n".join(lines))
    return target


def on_path(*folders: Path) -> dict[str, str]:
    """An environment in which Python finds what is installed in these folders."""
    known = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join([*map(str, folders), *([known] if known else [])])}
