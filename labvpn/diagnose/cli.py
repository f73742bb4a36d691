"""`labvpn diagnose`: diagnose what a user sends. Exit status: 0 diagnosed, 2 wrong usage, 3 unknown."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.files import FileKind, kind
from labvpn.diagnose.lines import decoded
from labvpn.diagnose.render import as_json, as_text
from labvpn.diagnose.verdict import Reason, Verdict, unknown

UNKNOWN_STATUS = 3
LARGEST = 256 * 2**20
"""Bytes of the largest file that is read whole, so that line numbers are those of the file."""


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
    An archive, a picture, a PDF or an event log (.evtx) is not read, but named.

    Exit status: 0 if the text was diagnosed, 2 for wrong usage, 3 if the text is unknown.
    """
    verdict = _verdict([_bytes(path) for path in files], [_bytes(path) for path in server or ()])
    sys.stdout.write(as_json(verdict, lang) + "\n" if json else as_text(verdict, lang))
    if not verdict.known:
        raise typer.Exit(UNKNOWN_STATUS)


def _verdict(clients: list[bytes], servers: list[bytes]) -> Verdict:
    """The diagnosis of what can be read; if that is nothing, what the first file is that cannot."""
    given = [data for data in servers if kind(data) in (None, FileKind.EMPTY)]  # an empty log of a server is evidence
    verdict = diagnose([decoded(data) for data in clients if kind(data) is None], *map(decoded, given))
    unread = [found for data in clients + servers if (found := kind(data)) is not None]
    return verdict if verdict.known or not unread else unknown(Reason("file", excerpt=unread[0]))


def _bytes(path: Path) -> bytes:
    """The content of a file or of standard input.

    Raises:
        typer.BadParameter: if it cannot be read, or is too large.
    """
    try:
        data = sys.stdin.buffer.read(LARGEST + 1) if str(path) == "-" else _read(path)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}; give a text file, or - for standard input") from error
    if len(data) > LARGEST:
        limit = LARGEST // 2**20
        raise typer.BadParameter(f"{path}: larger than {limit} MiB; give the part around the attempt (`tail -n 10000`)")
    return data


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(LARGEST + 1)
