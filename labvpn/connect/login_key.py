"""The SSH key that a person names for a login of their own; a stack's own key is a secret of its configuration."""

from __future__ import annotations

from pathlib import Path

from labvpn.connect.errors import HopError

HELP = "The SSH key; without it, your agent's and your usual keys are tried."
VARIABLE = "LABVPN_SSH_KEY"
"""Names the key's file where --key does not."""


def key_text(file: Path | None) -> str | None:
    """A private key in OpenSSH's form, None without a file; raises HopError for what opens no login."""
    from labvpn.connect.library import asyncssh  # a command line reads the words above without it

    if file is None:
        return None
    hop, remedy = f"The key {file}", "give --key the file of a private SSH key"
    try:
        data = file.expanduser().read_bytes()
        return asyncssh.import_private_key(data).export_private_key().decode()
    except OSError as error:
        raise HopError(hop, f"cannot be read: {error.strerror}", remedy) from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        if isinstance(error, asyncssh.KeyEncryptionError) or "passphrase" in str(error).lower():
            other = "add it to your SSH agent and leave out --key, or give --key one without a passphrase"
            raise HopError(hop, "is locked by a passphrase", other) from None
    try:
        asyncssh.import_public_key(data)
    except asyncssh.KeyImportError:
        raise HopError(hop, "is not a key that SSH reads", remedy) from None
    raise HopError(hop, "is the public half of a key, which opens no login", remedy)
