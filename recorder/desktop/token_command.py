"""`tandem agent-desktop token`: the token of one computer, for who sets it up. Run on a node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from recorder.cli.common import JsonFlag, from_file, needed_config
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line
from recorder.scn.desktop_tokens import SECRET_CHARS_MIN, desktop_token

if TYPE_CHECKING:
    from recorder.config import TokenTable

_ROLE = "desktop"
_SETTING = '[web.tokens.desktops] token = "file:PATH", roles = ["desktop"]'


def token(
    *,
    desktop: Annotated[tuple[str, ...], Parameter(negative=())],
    name: str | None = None,
    config: Path | None = None,
    json: JsonFlag = False,
) -> None:
    """Print the token of a computer: it can register as that desktop, and as no other.

    Nothing is stored: the same secret and id give the same token, on both nodes.

    Args:
        desktop: Its id, as in desktop.id of its file. Several, each with the option again, give lines of id and token.
        name: Which entry of web.tokens, where several have the role desktop.
        config: The configuration file of a node. Also TANDEM_CONFIG.
        json: Answer with JSON on stdout.
    """
    secret = _secret(needed_config(config), name)
    made = [{"desktop": one, "token": _token_of(secret, one)} for one in desktop]
    if json:
        print_json({"tokens": made})
        return
    for one in made:
        print_line(one["token"] if len(made) == 1 else f"{one['desktop']} {one['token']}")


def _token_of(secret: str, desktop: str) -> str:
    try:
        return desktop_token(secret, desktop)
    except ValueError as error:
        raise CliError(f"--desktop {desktop}: no id", Exit.USAGE, hint=f"{error}.") from error


def _secret(path: Path, name: str | None) -> str:
    # Imported here: other commands start faster without.
    from recorder.adapters.secrets import FileSecrets  # noqa: PLC0415
    from recorder.config import load_config  # noqa: PLC0415

    config = from_file(lambda: load_config(path))
    chosen, table = _chosen(config.web.tokens, name, path)
    secret = from_file(lambda: FileSecrets().read(table.token))
    if len(secret) < SECRET_CHARS_MIN:
        raise CliError(
            f"The secret of web.tokens.{chosen} has less than {SECRET_CHARS_MIN} characters: "
            "who has one token could find it out.",
            Exit.USAGE,
            hint="Make a longer one, such as `openssl rand -hex 32` prints, the same on both nodes.",
        )
    return secret


def _chosen(tokens: dict[str, TokenTable], name: str | None, path: Path) -> tuple[str, TokenTable]:
    able = {one: table for one, table in tokens.items() if _ROLE in table.roles}
    if name is not None and name not in able:
        raise CliError(
            f"{path}: web.tokens has no {name} with the role desktop.",
            Exit.USAGE,
            hint=f"It has: {', '.join(able) or 'none'}.",
        )
    if not able:
        raise CliError(
            f"{path}: no entry of web.tokens has the role desktop.", Exit.USAGE, hint=_SETTING
        )
    if name is None and len(able) > 1:
        raise CliError(
            f"{path}: several entries of web.tokens have the role desktop.",
            Exit.USAGE,
            hint=f"Add --name with one of them: {', '.join(able)}.",
        )
    chosen = name or next(iter(able))
    return chosen, able[chosen]
