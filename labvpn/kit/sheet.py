"""The sheet to print: one page in English and one in Japanese, from the same facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined

from labvpn.kit import openvpn, second_factor
from labvpn.kit.request import TCP_443, KitRequest
from labvpn.kit.words import LANGUAGES, WORDS
from labvpn.model.untrusted import plain

SheetStep = tuple[str, list[str]]


@dataclass(frozen=True)
class SheetPage:
    """One language's page."""

    language: str
    words: Mapping[str, str]
    facts: Sequence[tuple[str, str]]
    limit: str
    services: Sequence[tuple[str, str, str | None]]
    """What one reaches: the name, where it is, and what a browser opens."""
    ways: Sequence[str]
    android: str
    steps: Sequence[SheetStep]


def sheet(request: KitRequest, files: Sequence[str]) -> str:
    """The page of HTML; it needs no network, and names only the `files` in the kit."""
    template = environment().get_template("sheet.html.j2")
    pages = [_page(request, files, language) for language in LANGUAGES]
    app = second_factor.picture(request)
    return template.render(pages=pages, user=request.user, code=_code(request), app=app)


def environment() -> Environment:
    """The templates of the kit; every value is escaped and made plain, and a missing one is an error."""
    return Environment(
        loader=PackageLoader("labvpn.kit"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=lambda value: plain(value, keep="\n\t") if type(value) is str else value,
    )


def _page(request: KitRequest, files: Sequence[str], language: str) -> SheetPage:
    words = WORDS[language]
    return SheetPage(
        language,
        words,
        list(_facts(request, words)),
        _limit(request.limit, words),
        list(_services(request, words)),
        list(_ways(request, files, words)),
        _android(" ".join(files), words),
        list(_steps(request, files, words)),
    )


def _limit(seconds: int, words: Mapping[str, str]) -> str:
    minutes, rest = divmod(seconds, 60)
    if minutes > 1 and not rest:
        return words["limit"].format(minutes=minutes)
    return words["limit_seconds"].format(seconds=seconds) if seconds else ""


def _android(names: str, words: Mapping[str, str]) -> str:
    """Where to begin with a phone that has neither L2TP nor SSTP, and no client of SoftEther's."""
    if "openvpn" not in names:
        return words["android_none"]
    return words["android"] if "l2tp" in names else ""


def _code(request: KitRequest) -> str:
    if not request.preshared_key or not request.stack.protocols.l2tp_ipsec or not request.by_ppp:
        return ""
    return segno.make(request.preshared_key, micro=False).svg_inline(scale=3, border=2, omitsize=True)


def _facts(request: KitRequest, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield words["for"], request.account.real_name or request.user
    yield words["server"], request.stack.name
    yield words["name"], request.login
    yield words["password"], _password(request, words)
    yield from second_factor.facts(request, words)
    if request.stack.protocols.l2tp_ipsec and request.by_ppp:
        yield words["psk"], request.preshared_key or words["psk_apart"]
    yield words["hub"], request.stack.hub
    if request.expires is not None:
        yield words["until"], _moment(request.expires)


def _moment(end: datetime) -> str:
    """The end in the time zone in which it was given: `2027-03-31 23:59 (UTC+09:00)`."""
    return f"{end:%Y-%m-%d %H:%M} (UTC{end:%z})".replace("UTC+0000", "UTC")


def _services(request: KitRequest, words: Mapping[str, str]) -> Iterator[tuple[str, str, str | None]]:
    for service in request.stack.network.services:
        port = str(service.port) if service.port is not None else words["any_port"]
        yield service.name, f"{service.target} ({service.protocol} {port})", service.link


def _password(request: KitRequest, words: Mapping[str, str]) -> str:
    if not request.by_password:
        return words["certificate_login"]
    return request.password or words["password_kept" if request.account.has_his_own else "password_apart"]


def _ways(request: KitRequest, files: Sequence[str], words: Mapping[str, str]) -> Iterator[str]:
    """L2TP/IPsec first, then what passes on TCP 443, then the rest."""
    names = " ".join(files)
    if "l2tp" in names:
        yield words["way_l2tp"]
    ways = openvpn.ways(request) if "openvpn" in names else ()
    on_443 = [way for way in ways if (way.transport, way.port) == ("tcp", TCP_443)]
    yield from (words["way_openvpn"] for _ in on_443)
    if "sstp" in names:
        yield words["way_sstp"].replace("443", str(request.tcp[0]))
    for way in ways:
        if way not in on_443:
            yield words["way_openvpn_other"].format(transport=way.transport.upper(), port=way.port)
    if "softether" in names:
        yield words["way_softether"].format(port=request.tcp[0])


def _steps(request: KitRequest, files: Sequence[str], words: Mapping[str, str]) -> Iterator[SheetStep]:
    """How a code is typed, then in the order of the ways: L2TP/IPsec, OpenVPN, SSTP, SoftEther's own client."""
    yield from second_factor.steps(request, words)
    for file in _ending(files, ".mobileconfig"):
        yield words["mac"], [words["mac_steps"].format(file=file)]
    l2tp = "windows_l2tp_admin" if request.stack.translated else "windows_l2tp"
    yield from _script(files, "l2tp.ps1", words, l2tp)
    profiles = _ending(files, ".ovpn")
    plain = [file for file in profiles if not file.startswith(openvpn.ProfileReader.CONNECT)]
    if plain:
        others = [words["openvpn_others"].format(others=", ".join(plain[1:]))] if plain[1:] else []
        connect = [words["connect_steps"]] if len(plain) < len(profiles) else []
        yield words["openvpn"], [words["openvpn_steps"].format(file=plain[0]), *others, *connect]
    known = request.trust is not None and request.trust.is_known
    yield from _script(files, "sstp.ps1", words, "windows_sstp_known" if known else "windows_sstp")
    for file in _ending(files, ".vpn"):
        before = [words["softether_authority"].format(file=name) for name in _ending(files, ".crt")]
        yield words["softether"], [words["softether_steps"].format(file=file), *before]


def _script(files: Sequence[str], end: str, words: Mapping[str, str], sentence: str) -> Iterator[SheetStep]:
    for file in _ending(files, end):
        run = f"powershell -ExecutionPolicy Bypass -File {file}"
        yield words["windows"], [words[sentence].format(file=file, run=run)]


def _ending(files: Sequence[str], end: str) -> list[str]:
    return [file for file in files if file.endswith(end)]
