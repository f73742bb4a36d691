"""Text in PEM form: by which certificates and keys the server is known."""

from __future__ import annotations

import re

CERTIFICATE = "CERTIFICATE"
_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----\n.+?\n-----END \1-----\n?", re.DOTALL)


def blocks(text: str) -> list[tuple[str, str]]:
    """The kind and the text of each block, in their order; the kind of any private key is `KEY`."""
    found = [(match[1], match[0].strip() + "\n") for match in _BLOCK.finditer(text)]
    return [("KEY" if kind.endswith("PRIVATE KEY") else kind, block) for kind, block in found]


def kinds(text: str) -> list[str]:
    """What stands in a text, in its order: CERTIFICATE, KEY."""
    return [kind for kind, _ in blocks(text)]
