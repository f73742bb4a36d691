"""An archive of SoftEther: where it is, and the SHA-256 without which nothing of it is touched."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, model_validator

from labvpn.model.base import Value


def _archive_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http", "file") or not (parts.path.strip("/") and parts.path.isascii()):
        raise ValueError("must be an address such as https://host/vpnserver.tar.gz, or file:///path on the VPN host")
    if (parts.scheme == "file") == bool(parts.netloc):
        raise ValueError("needs a host after http:// and none after file://; write file:///path with three slashes")
    if "@" in parts.netloc:
        raise ValueError("has a login in it, which previews and logs would show; put the archive elsewhere")
    return text


ArchiveUrl = Annotated[str, StringConstraints(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$"), AfterValidator(_archive_url)]
Digest = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[0-9a-fA-F]{64}$")]


class Tarball(Value):
    """The archive, at an address or as a file of the project's."""

    address: ArchiveUrl | None = Field(default=None, description="https://..., or file:///... on the VPN host")
    file: str | None = Field(
        default=None, description="path, from the project's folder; the stack brings it to the host"
    )
    sha256: Digest = Field(description="`sha256sum` of the archive, compared with what its maker publishes")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.address) == bool(self.file):
            raise ValueError("needs `address` or `file`, and not both; say where the archive is")
        return self

    @model_validator(mode="after")
    def _is_the_one(self, info: ValidationInfo) -> Self:
        digests = (info.context or {}).get("digests")
        if self.file and digests and (found := digests(self.file)) != self.sha256:
            raise ValueError(f"file {self.file} has SHA-256 {found}; if that is the right archive, write it to sha256")
        return self
