"""The encrypted page: what is in it, and that it opens by its passphrase alone."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from labvpn.kit import encrypted_page

FILES = {"sheet.html": "<p>秘密</p>".encode(), "guest1.mobileconfig": bytes(range(256))}

OPEN = """
globalThis.document = {getElementById: () => ({addEventListener() {}})};
const lines = require("fs").readFileSync(0, "utf8").split("\\n");
const page = lines.slice(1).join("\\n");
const script = page.match(/<script>([^]*)<\\/script>/)[1] + "; globalThis.opened = open;";
(0, eval)(script);
opened(lines[0]).then(files => console.log(JSON.stringify(files)), () => process.exit(3));
"""
"""The page's own script, run without a browser: the passphrase is the first line of the input, the page the rest."""


def box(page: str) -> dict[str, str]:
    found = re.search(r"const box = (\{.*\});", page)
    assert found
    answer: dict[str, str] = json.loads(found[1])
    return answer


def opened(page: str, phrase: str) -> dict[str, bytes]:
    held = {key: base64.b64decode(text) for key, text in box(page).items() if key != "iterations"}
    derive = PBKDF2HMAC(SHA256(), 32, held["salt"], int(box(page)["iterations"]))
    plain = AESGCM(derive.derive(phrase.replace("-", "").encode())).decrypt(held["nonce"], held["text"], None)
    return {name: base64.b64decode(content) for name, content in json.loads(plain).items()}


def test_the_passphrase_gives_the_files_back() -> None:
    phrase = encrypted_page.passphrase()
    assert opened(encrypted_page.encrypt("Lab", FILES, phrase), phrase) == FILES


def test_another_passphrase_gives_nothing() -> None:
    with pytest.raises(InvalidTag):
        opened(encrypted_page.encrypt("Lab", FILES, encrypted_page.passphrase()), encrypted_page.passphrase())


def test_nothing_of_the_files_and_no_passphrase_can_be_read_in_the_page() -> None:
    phrase = encrypted_page.passphrase()
    page = encrypted_page.encrypt("Lab", FILES, phrase)
    assert phrase not in page
    assert "sheet.html" not in page
    assert base64.b64encode(FILES["guest1.mobileconfig"]).decode() not in page


def test_no_two_pages_share_salt_nonce_or_passphrase() -> None:
    assert len({encrypted_page.passphrase() for _ in range(50)}) == 50
    first, second = (box(encrypted_page.encrypt("Lab", FILES, "same")) for _ in range(2))
    assert first["salt"] != second["salt"]
    assert first["nonce"] != second["nonce"]


def test_a_page_asks_nobody_else() -> None:
    page = encrypted_page.encrypt("Lab", FILES, "same")
    assert "default-src 'none'" in page
    assert not re.search(r"https?://", page)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js, whose Web Cryptography is the browsers'")
@pytest.mark.parametrize(("said", "opens"), [(str.upper, True), (lambda text: text[:-1] + "0", False)])
def test_the_pages_own_script_opens_it(said: object, opens: bool) -> None:
    phrase = encrypted_page.passphrase()
    page = encrypted_page.encrypt("Lab", FILES, phrase)
    assert callable(said)
    done = subprocess.run(
        ["node", "-e", OPEN], input=f"{said(phrase)}\n{page}", capture_output=True, text=True, timeout=30
    )
    assert (done.returncode == 0) is opens, done.stderr
    if opens:
        assert {name: base64.b64decode(content) for name, content in json.loads(done.stdout).items()} == FILES
