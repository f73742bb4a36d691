"""PowerShell scripts that set up the clients built into Windows: L2TP/IPsec and SSTP.

Each runs in Windows PowerShell 5.1, can be run again, and replaces only the connection of the same name.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterator

from labvpn.kit.request import TCP_443, KitRequest, Trust

MARKED = "\ufeff"
"""Windows PowerShell takes a script without this mark for one in the system's old code page."""

NAT_RULE = "AssumeUDPEncapsulationContextOnSendRule"
NAT_RULE_KEY = r"HKLM:\SYSTEM\CurrentControlSet\Services\PolicyAgent"
BOTH_TRANSLATED = 2
"""Windows' own value for "client and server may both stand behind a translation"."""

ADMINISTRATOR = """\
$me = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
if (-not $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw {why}
}"""

AUTHORITY = """\
$authority = [Security.Cryptography.X509Certificates.X509Certificate2]::new([Convert]::FromBase64String(@'
{text}
'@))
$store = [Security.Cryptography.X509Certificates.X509Store]::new('Root', 'LocalMachine')
$store.Open('ReadWrite')
try { $store.Add($authority) } finally { $store.Close() }"""


def quoted(text: str) -> str:
    """A text as PowerShell reads it literally. Raises ValueError for one with a line end or a control character."""
    if any(ord(letter) < 32 for letter in text):
        raise ValueError("a value for PowerShell cannot hold a control character")
    # PowerShell takes the typographic quotes for plain ones, and doubling is its escape for each.
    return "'" + "".join(letter * 2 if letter in "'\u2018\u2019\u201a\u201b" else letter for letter in text) + "'"


def l2tp(request: KitRequest) -> str:
    """The script for L2TP/IPsec; it asks for the pre-shared key where that is not known."""
    lines = [*_start(request, "L2TP/IPsec")]
    if request.stack.translated:
        # Behind a virtual address Windows refuses the server's IPsec unless the registry allows it.
        lines += _as_administrator("it sets a value of the machine's registry")
        lines += _nat_rule()
    key = (
        quoted(request.preshared_key) if request.preshared_key else "(Read-Host 'Pre-shared key, as the sheet has it')"
    )
    lines += [
        f"$key = {key}",
        *_connection(request, f"{request.title} L2TP", request.stack.name, "L2tp", " -L2tpPsk $key"),
    ]
    return _script(lines)


def sstp(request: KitRequest, trust: Trust) -> str:
    """The script for SSTP, which checks the server's name and looks for its authority in the machine's store alone."""
    lines = [*_start(request, "SSTP")]
    if not trust.is_known:
        lines += _as_administrator("it adds the lab's authority to those of this machine")
        text = "\n".join(textwrap.wrap(base64.b64encode(trust.der).decode(), 76))
        lines += AUTHORITY.replace("{text}", text).splitlines()
    port = request.tcp[0]
    server = request.stack.name if port == TCP_443 else f"{request.stack.name}:{port}"
    lines += _connection(request, f"{request.title} SSTP", server, "Sstp")
    return _script(lines)


def _start(request: KitRequest, protocol: str) -> Iterator[str]:
    yield f"# {request.title} by {protocol}, for {request.user}. Windows asks for name and password at the first dial."
    yield "$ErrorActionPreference = 'Stop'"


def _as_administrator(why: str) -> list[str]:
    sentence = quoted(f"Run this in a PowerShell that was started as administrator: {why}")
    return ADMINISTRATOR.replace("{why}", sentence).splitlines()


def _nat_rule() -> list[str]:
    new = f"New-ItemProperty -Path '{NAT_RULE_KEY}' -Name {NAT_RULE} -PropertyType DWord"
    return [
        f"{new} -Value {BOTH_TRANSLATED} -Force | Out-Null",
        "Write-Host 'Restart Windows once before the first dial.'",
    ]


def _connection(request: KitRequest, name: str, server: str, kind: str, more: str = "") -> Iterator[str]:
    yield f"$name = {quoted(name)}"
    yield "Get-VpnConnection -Name $name -ErrorAction SilentlyContinue | Remove-VpnConnection -Force"
    yield f"Add-VpnConnection -Name $name -ServerAddress {quoted(server)} -TunnelType {kind}{more} `"
    remembered = "" if request.needs_code else " -RememberCredential"
    yield f"    -AuthenticationMethod MSChapv2 -EncryptionLevel Required{remembered} -Force"
    if request.splits:
        yield "Set-VpnConnection -Name $name -SplitTunneling $true -Force"
        for route in request.stack.network.routes:
            yield f"Add-VpnConnectionRoute -ConnectionName $name -DestinationPrefix {quoted(str(route))}"
    ready = quoted(f"Ready: dial '{name}' in the network settings, as {request.login}.")
    yield f"Write-Host {ready}"


def _script(lines: list[str]) -> str:
    return MARKED + "".join(f"{line}\r\n" for line in lines)
