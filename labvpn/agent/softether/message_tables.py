"""The sentences that a SoftEther server can write, from the message tables that it was installed with.

Every installation carries one archive, `hamcore.se2`, with a table of messages for each of its languages. The server
writes its logs in one of them, so the tables of the very server say what its log can hold, whatever its version.
"""

import struct
import zlib
from typing import Dict, Iterator, List, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.softether.installations import installation

HAMCORE = "hamcore.se2"
# The head of the archive; the number of files follows, then name, size, packed size and offset of each.
HAMCORE_MAGIC = b"HamCore"
LARGEST_ARCHIVE = 64 << 20
LARGEST_TABLE = 16 << 20

# Each message in English and in Japanese, of 5.x and of 4.x, for a host whose archive cannot be read; by escapes,
# since the agent travels as plain ASCII.
SHIPPED_MESSAGES: Dict[str, List[str]] = {
    "LH_CONNECT_CLIENT": [
        'The connection "%S" (IP address: %S, Host name: %S, Port number: %u, Client name: "%S", Version: %S, Bui'
        'ld: %u) is attempting to connect to the Virtual Hub. The auth type provided is "%s" and the user name is'
        ' "%S".',
        '\u30b3\u30cd\u30af\u30b7\u30e7\u30f3 "%S" (IP \u30a2\u30c9\u30ec\u30b9 %S, \u30db\u30b9\u30c8\u540d %S, '
        '\u30dd\u30fc\u30c8\u756a\u53f7 %u, \u30af\u30e9\u30a4\u30a2\u30f3\u30c8\u540d "%S", \u30d0\u30fc\u30b8'
        "\u30e7\u30f3 %S \u30d3\u30eb\u30c9 %u) \u304c\u4eee\u60f3 HUB \u3078\u306e\u63a5\u7d9a\u3092\u8a66\u884c"
        '\u3057\u3066\u3044\u307e\u3059\u3002\u63d0\u793a\u3057\u3066\u3044\u308b\u8a8d\u8a3c\u65b9\u6cd5\u306f "'
        '%s" \u3067\u30e6\u30fc\u30b6\u30fc\u540d\u306f "%S" \u3067\u3059\u3002',
    ],
    "LH_AUTH_UNKNOWN": [
        "Unknown auth type.",
        "\u4e0d\u660e\u306a\u8a8d\u8a3c\u30e1\u30bd\u30c3\u30c9",
    ],
    "LH_AUTH_OK": [
        'Connection "%S": Successfully authenticated as user "%S".',
        '\u30b3\u30cd\u30af\u30b7\u30e7\u30f3 "%S": \u30e6\u30fc\u30b6\u30fc "%S" \u3068\u3057\u3066\u6b63\u3057'
        "\u304f\u8a8d\u8a3c\u3055\u308c\u307e\u3057\u305f\u3002",
    ],
    "LH_AUTH_NG": [
        'Connection "%S": User authentication failed. The user name that has been provided was "%S", from %S.',
        '\u30b3\u30cd\u30af\u30b7\u30e7\u30f3 "%S": \u30e6\u30fc\u30b6\u30fc\u8a8d\u8a3c\u306b\u5931\u6557\u3057'
        '\u307e\u3057\u305f\u3002\u63d0\u793a\u3055\u308c\u305f\u30e6\u30fc\u30b6\u30fc\u540d\u306f "%S" \u3001'
        '\u63a5\u7d9a\u5143\u306f "%S" \u3067\u3057\u305f\u3002',
        'Connection "%S": User authentication failed. The user name that has been provided was "%S".',
        '\u30b3\u30cd\u30af\u30b7\u30e7\u30f3 "%S": \u30e6\u30fc\u30b6\u30fc\u8a8d\u8a3c\u306b\u5931\u6557\u3057'
        '\u307e\u3057\u305f\u3002\u63d0\u793a\u3055\u308c\u305f\u30e6\u30fc\u30b6\u30fc\u540d\u306f "%S" \u3067'
        "\u3057\u305f\u3002",
    ],
    "LH_POLICY_ACCESS_NG": [
        'Connection "%S": Access has beens refused to user "%S" based on the security policy.',
        '\u30b3\u30cd\u30af\u30b7\u30e7\u30f3 "%S": \u30e6\u30fc\u30b6\u30fc "%S" \u306f\u30bb\u30ad\u30e5\u30ea'
        "\u30c6\u30a3\u30dd\u30ea\u30b7\u30fc\u306b\u3088\u3063\u3066\u30a2\u30af\u30bb\u30b9\u304c\u62d2\u5426"
        "\u3055\u308c\u3066\u3044\u307e\u3059\u3002",
        'Connection "%S": Access has been refused to user "%S" based on the security policy.',
    ],
    "LH_USER_EXPIRES": [
        'Connection "%S": Access has been refused to user "%S" because of the expiration date has been expired.',
        '\u30b3\u30cd\u30af\u30b7\u30e7\u30f3 "%S": \u30e6\u30fc\u30b6\u30fc "%S" \u306e\u6709\u52b9\u671f\u9650'
        "\u304c\u5207\u308c\u3066\u304a\u308a\u3001\u30a2\u30af\u30bb\u30b9\u304c\u62d2\u5426\u3055\u308c\u307e"
        "\u3057\u305f\u3002",
    ],
    "LH_CHANGE_PASSWORD_1": [
        'The connection "%S" (IP address %S) connected to Virtual Hub in change password mode.',
        '\u30b3\u30cd\u30af\u30b7\u30e7\u30f3 "%S" (IP \u30a2\u30c9\u30ec\u30b9 %S) \u304c\u30d1\u30b9\u30ef'
        "\u30fc\u30c9\u5909\u66f4\u30e2\u30fc\u30c9\u3067\u4eee\u60f3 HUB \u306b\u63a5\u7d9a\u3057\u307e\u3057"
        "\u305f\u3002",
    ],
    "LH_CHANGE_PASSWORD_2": [
        'Connection "%S": Changing of password failed. The specified user "%S" does not exist.',
        '\u30b3\u30cd\u30af\u30b7\u30e7\u30f3 "%S": \u30d1\u30b9\u30ef\u30fc\u30c9\u306e\u5909\u66f4\u306b\u5931'
        '\u6557\u3057\u307e\u3057\u305f\u3002\u6307\u5b9a\u3057\u305f\u30e6\u30fc\u30b6\u30fc "%S" \u306f\u5b58'
        "\u5728\u3057\u307e\u305b\u3093\u3002",
    ],
    "LH_CHANGE_PASSWORD_3": [
        'Connection "%S": Changing of password failed. The auth type of user "%S" is not password authentication.',
        '\u30b3\u30cd\u30af\u30b7\u30e7\u30f3 "%S": \u30d1\u30b9\u30ef\u30fc\u30c9\u306e\u5909\u66f4\u306b\u5931'
        '\u6557\u3057\u307e\u3057\u305f\u3002\u30e6\u30fc\u30b6\u30fc "%S" \u306e\u8a8d\u8a3c\u65b9\u6cd5\u306f'
        "\u30d1\u30b9\u30ef\u30fc\u30c9\u8a8d\u8a3c\u3067\u306f\u3042\u308a\u307e\u305b\u3093\u3002",
    ],
    "LH_CHANGE_PASSWORD_4": [
        'Connection "%S": Changing of password failed. The old password of user "%S" is incorrect.',
        '\u30b3\u30cd\u30af\u30b7\u30e7\u30f3 "%S": \u30d1\u30b9\u30ef\u30fc\u30c9\u306e\u5909\u66f4\u306b\u5931'
        '\u6557\u3057\u307e\u3057\u305f\u3002\u30e6\u30fc\u30b6\u30fc "%S" \u306e\u53e4\u3044\u30d1\u30b9\u30ef'
        "\u30fc\u30c9\u304c\u9593\u9055\u3063\u3066\u3044\u307e\u3059\u3002",
    ],
    "LH_NODE_INFO": [
        'Session "%S": VPN Client details: (%s)',
        '\u30bb\u30c3\u30b7\u30e7\u30f3 "%S": VPN Client \u306e\u8a73\u7d30: (%s)',
    ],
    "LH_NAT_DHCP_CREATED": [
        "The DHCP entry %u has been created. MAC address: %S, IP address: %S, host name: %S, expiration span: %u "
        "seconds",
        "DHCP \u30a8\u30f3\u30c8\u30ea %u \u304c\u4f5c\u6210\u3055\u308c\u307e\u3057\u305f\u3002MAC \u30a2\u30c9"
        "\u30ec\u30b9: %S, IP \u30a2\u30c9\u30ec\u30b9: %S, \u30db\u30b9\u30c8\u540d: %S, \u6709\u52b9\u671f"
        "\u9650: %u \u79d2",
    ],
}


def messages_of(machine: Machine) -> Dict[str, List[str]]:
    """Each message of SHIPPED_MESSAGES in every wording that the host's server has; the shipped ones without any.

    Another version's wording would let a line pass that this server never writes.
    """
    found: Dict[str, List[str]] = {key: [] for key in SHIPPED_MESSAGES}
    for table in tables_in(archive_of(machine)):
        for key, text in messages_in(table):
            if key in found and text not in found[key]:
                found[key].append(text)
    return {key: texts or SHIPPED_MESSAGES[key] for key, texts in found.items()}


def archive_of(machine: Machine) -> bytes:
    """The archive beside the server's program; nothing where there is none that can be read."""
    path = machine.path(installation(machine).program).with_name(HAMCORE)
    try:
        if path.is_file() and path.stat().st_size <= LARGEST_ARCHIVE:
            return path.read_bytes()
    except OSError:
        pass
    return b""


def tables_in(archive: bytes) -> Iterator[str]:
    """The text of each language's table; a damaged one is left out."""
    for name, start, packed in files_in(archive):
        if name.startswith("strtable_"):
            try:
                text = zlib.decompressobj().decompress(archive[start : start + packed], LARGEST_TABLE)
            except zlib.error:
                continue
            yield text.decode("utf-8", "replace")


def files_in(archive: bytes) -> Iterator[Tuple[str, int, int]]:
    """Name, offset and packed size of the archive's files; a list that ends early gives what stands before its end."""
    if not archive.startswith(HAMCORE_MAGIC):
        return
    at = len(HAMCORE_MAGIC)
    try:
        (count,) = struct.unpack_from(">I", archive, at)
        at += 4
        for _ in range(count):
            # A string's length counts one byte more than there are.
            (length,) = struct.unpack_from(">I", archive, at)
            name = archive[at + 4 : at + 3 + length].decode("utf-8", "replace")
            at += 3 + length
            _, packed, start = struct.unpack_from(">III", archive, at)
            at += 12
            yield name, start, packed
    except struct.error:
        return


def messages_in(table: str) -> Iterator[Tuple[str, str]]:
    """Key and text of each line of a table."""
    for line in table.lstrip("\ufeff").split("\n"):
        words = line.strip().split(None, 1)
        if len(words) == 2:
            yield words[0], words[1].replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")
