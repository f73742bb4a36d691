"""The certificate that the server shows with its chain: how it is read and set, which ends no session.

Since 5.02 a server takes the chain with the certificate, drops it where it is left out, and has it in its
configuration. Before that it sends what lies in its folder `chain_certs`, which it reads anew for every connection.
"""

import base64
import binascii
import hashlib
import ssl
from typing import List, Optional

from labvpn.agent.softether.client import SoftEther

FIRST_WITH_CHAIN = [502, 5181]
"""The first version and build whose call takes a chain (by its source: 5.02.5181 does, 5.02.5180 does not)."""

CHAIN_FILE = "labvpn-{}.cer"


def presented_fingerprint(softether: SoftEther) -> str:
    """The SHA-256 of the certificate that the server shows, by its configuration."""
    return fingerprint(str(softether.tree().get("ServerConfiguration", {}).get("ServerCert", "")))


def takes_chain(softether: SoftEther) -> Optional[bool]:
    """Whether the server is given the chain by its call, and not by files; None where it cannot be asked."""
    found = softether.release()
    return None if found is None else found >= FIRST_WITH_CHAIN


def held_chain(softether: SoftEther) -> List[str]:
    """The chain that a server which takes one has, each certificate in base64: no call gives it back."""
    held = softether.tree().get("ServerConfiguration", {}).get("ServerChain", {}).values()
    return [str(one.get("X509", "")) for one in held if isinstance(one, dict)]


def presented_chain(softether: SoftEther) -> Optional[str]:
    """The digest of the chain that the server was given, by either way; None where the server cannot be asked."""
    takes = takes_chain(softether)
    if takes is None:
        return None
    return chain_digest(held_chain(softether) if takes else [body(text) for text in chain_files(softether)])


def chain_digest(stored: List[str]) -> str:
    """The SHA-256 of certificates, each in base64, one after the other; `none` where there are none."""
    try:
        whole = b"".join(der(one) for one in stored)
    except (ValueError, binascii.Error):
        return "unreadable"
    return hashlib.sha256(whole).hexdigest() if whole else "none"


def set_certificate(softether: SoftEther, key: str, chain: List[str]) -> None:
    """Have the server show a certificate, the first of the chain (in PEM), from the next connection on."""
    first, *above = [body(one) for one in chain]
    takes = bool(above) and takes_chain(softether)
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


def chain_files(softether: SoftEther) -> List[str]:
    """What our files of the chain hold, in their order; a file that cannot be read holds nothing."""
    folder = softether.machine.path(softether.place.folder + "/chain_certs")
    paths = sorted(folder.glob(CHAIN_FILE.format("*")), key=lambda path: (len(path.name), path.name))
    return [softether.machine.read("{}/chain_certs/{}".format(softether.place.folder, one.name)) or "" for one in paths]


def der(stored: str) -> bytes:
    """A certificate as the configuration stores it, in base64 of DER or PEM, as bytes. ValueError for other text."""
    data = base64.b64decode(stored, validate=True)
    return ssl.PEM_cert_to_DER_cert(data.decode("ascii").strip()) if data.startswith(b"-----") else data


def fingerprint(stored: str) -> str:
    """The SHA-256 of such a certificate; `none` for other text."""
    try:
        data = der(stored)
    except (ValueError, binascii.Error):
        return "none"
    return hashlib.sha256(data).hexdigest() if data else "none"


def body(pem: str) -> str:
    """The base64 between the lines of a PEM text, on one line."""
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))
