"""The certificate that the server shows with its chain: how it is read and set, which ends no session.

5.02 takes the chain with the certificate, and drops it where it is left out. Before that a server sends what lies in
its folder `chain_certs`, which it reads anew for every connection.
"""

import base64
import binascii
import hashlib
import ssl
from typing import List

from labvpn.agent.softether.client import SoftEther

TAKES_CHAIN = 502
"""The first version whose call takes the chain."""

CHAIN_FILE = "labvpn-{}.cer"


def presented_fingerprint(softether: SoftEther) -> str:
    """The SHA-256 of the certificate that the server shows, by its configuration."""
    return fingerprint(str(softether.tree().get("ServerConfiguration", {}).get("ServerCert", "")))


def set_certificate(softether: SoftEther, key: str, chain: List[str]) -> None:
    """Have the server show a certificate, the first of the chain, from the next connection on."""
    first, *above = [body(one) for one in chain]
    takes = bool(above) and int(softether.call("GetServerInfo").get("ServerVerInt_u32", 0)) >= TAKES_CHAIN
    softether.call("SetServerCert", Cert_bin=first, Key_bin=body(key), **({"Chain_bin": above} if takes else {}))
    set_chain_files(softether, [] if takes else chain[1:])


def set_chain_files(softether: SoftEther, chain: List[str]) -> None:
    """Have our files of the chain be these; those of others stay."""
    folder = softether.place.folder + "/chain_certs"
    files = {CHAIN_FILE.format(number): text for number, text in enumerate(chain)}
    for name, text in files.items():
        softether.machine.write("{}/{}".format(folder, name), text, 0o600)
    for path in softether.machine.path(folder).glob(CHAIN_FILE.format("*")):
        if path.name not in files:
            path.unlink()


def fingerprint(stored: str) -> str:
    """The SHA-256 of a certificate as the configuration stores it, in base64 of DER or PEM; `none` for other text."""
    try:
        data = base64.b64decode(stored, validate=True)
        if data.startswith(b"-----"):
            data = ssl.PEM_cert_to_DER_cert(data.decode("ascii").strip())
    except (ValueError, binascii.Error):
        return "none"
    return hashlib.sha256(data).hexdigest() if data else "none"


def body(pem: str) -> str:
    """The base64 between the lines of a PEM text, on one line."""
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))
