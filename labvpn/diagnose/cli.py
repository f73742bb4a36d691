"""`labvpn diagnose`: diagnose what a user sends. Exit status: 0 diagnosed, 2 wrong usage, 3 unknown."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.lines import decoded
from labvpn.diagnose.render import as_json, as_text

UNKNOWN_STATUS = 3
LARGEST = 64 * 2**20
"""Bytes read from the end of a file: the end decides."""


class Language(StrEnum):
    """The languages of the answer."""

    EN = "en"
    JA = "ja"


Files = Annotated[
    list[Path],
    typer.Argument(
        help="What the user sent: a log, a message or an error number; - reads standard input.", show_default=False
    ),
]
Servers = Annotated[
    list[Path] | None,
    typer.Option(
        help="The VPN server's log (security_log or server_log) of the same time; once for each server.",
        show_default=False,
    ),
]


def command(
    files: Files,
    server: Servers = None,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.EN,
    json: Annotated[bool, typer.Option("--json", help="Print stage and causes as JSON.")] = False,
) -> None:
    """Show where a connection attempt stopped, why, and what to do, from the log, message or error code of a user.

    Reads macOS and iOS, Windows, Linux, Android, OpenVPN, SSTP and SoftEther; diagnoses the last attempt in the files.

    Exit status: 0 if the text was diagnosed, 2 for wrong usage, 3 if the text is unknown.
    """
    verdict = diagnose([_text(path) for path in files], *map(_text, server or ()))
    sys.stdout.write(as_json(verdict, lang) + "\n" if json else as_text(verdict, lang))
    if not verdict.known:
        raise typer.Exit(UNKNOWN_STATUS)


def _text(path: Path) -> str:
    """The text of a file or of standard input.

    Raises:
        typer.BadParameter: if it cannot be read.
    """
    try:
        if str(path) == "-":
            return decoded(sys.stdin.buffer.read(LARGEST))
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - LARGEST))
            return decoded(stream.read())
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}; give a text file, or - for standard input") from error
