"""`labvpn kit`: everything a user needs to dial in, in one folder or one encrypted page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from labvpn.connect import stack_outputs
from labvpn.kit import apple, build, encrypted_page
from labvpn.kit.request import Identity, KitRequest, Trust
from labvpn.kit.storage import FolderError, KitStorage
from labvpn.model.outputs import Outputs, OutputsError
from labvpn.model.untrusted import plain, plain_lines
from labvpn.model.users import WILDCARD

REFUSED = 1
WRONG_USAGE = 2


def _option(words: str, *names: str) -> Any:
    return typer.Option(*names, help=words, show_default=False)


OutputsOption = Annotated[
    Path | None, _option("The stack's outputs, as pulumi stack output --json --show-secrets prints them; - reads them.")
]
UsersOption = Annotated[
    Path | None, _option("The users' file, if not the one that users.file of the stack names.", "--users")
]
YesOption = Annotated[bool, _option("Let pulumi apply it without asking.", "--yes")]
FolderOption = Annotated[Path, typer.Option(help="Where the kits are kept, for you alone.")]
SecretsOption = Annotated[bool, _option("One encrypted page for each user, with the password in it.", "--secrets")]
PinOption = Annotated[
    bool, _option("Trust the certificate that the server shows now, where no authority signs it.", "--trust-shown")
]


def kit(
    users: Annotated[list[str] | None, typer.Argument(help="Whom the kits are for.", show_default=False)] = None,
    all_users: Annotated[bool, _option("Everyone whose account is valid.", "--all")] = False,
    outputs: OutputsOption = None,
    folder: FolderOption = Path("kits"),
    secrets: SecretsOption = False,
    pin_current: PinOption = False,
    certificates: Annotated[
        Path | None, _option("Folder with USER.crt and USER.key of the users who log in by certificate.")
    ] = None,
    sign_certificate: Annotated[Path | None, _option("PEM chain by which Apple's profiles are signed.")] = None,
    sign_key: Annotated[Path | None, _option("Its private key, PEM.")] = None,
) -> None:
    """Make the kits of some users, or of all; a user who is gone or expired gets none, and the old one is removed.

    Exit status: 0 if every kit was made, 1 if one was refused or the outputs cannot be had, 2 for wrong usage.
    """
    if bool(users) == all_users:
        raise typer.BadParameter("name the users, or give --all")
    if (sign_certificate is None) != (sign_key is None):
        raise typer.BadParameter("--sign-certificate and --sign-key go together")
    with reported():
        stack = stack_outputs.outputs(outputs)
        sign = _signer(sign_certificate, sign_key) if sign_certificate and sign_key else None
        maker = KitMaker(stack, KitStorage(folder), trust(stack, pin_current), secrets, certificates, sign)
        made = maker.valid() if all_users else maker.some(users or [])
    raise typer.Exit(0 if made else REFUSED)


@dataclass(frozen=True)
class KitMaker:
    """Makes kits and reports each; the passphrase of an encrypted one is shown once, here, and kept nowhere."""

    stack: Outputs
    storage: KitStorage
    trust: Trust | None
    secrets: bool = False
    certificates: Path | None = None
    sign: build.Sign | None = None

    def some(self, users: list[str]) -> bool:
        """The kits of these users; whether every one was made."""
        made = [self._tried(user, self._one) for user in dict.fromkeys(users)]
        return all(made)

    def valid(self) -> bool:
        """The kits of all whose account is valid, and of no one else; whether that is so now."""
        now = datetime.now(UTC)
        valid = [user for user, account in self.stack.users.items() if not account.is_expired(now)]
        removed = [self._tried(user, self._removed) for user in self.storage.unknown_users(valid)]
        made = [self._tried(user, lambda one: self._keeps_encrypted(one) or self._one(one)) for user in valid]
        return all([*removed, *made])

    def _tried(self, user: str, do: Callable[[str], bool]) -> bool:
        """What is done for one user; what refuses it is said, and stops no other's."""
        try:
            return do(user)
        except FolderError:
            raise
        except ValueError as error:
            typer.echo(plain_lines(f"{user}: {error}"), err=True)
            return False

    def _removed(self, user: str) -> bool:
        if self.storage.remove(user):
            typer.echo(plain(f"{user}: the account is gone or expired; its kit was removed"))
        return True

    def _keeps_encrypted(self, user: str) -> bool:
        """Whether the user has an encrypted page, which no plain kit replaces unless the user is named."""
        stays = not self.secrets and self.storage.has_encrypted(user)
        if stays:
            typer.echo(
                plain(f"{user}: the encrypted page stays; give --secrets to renew it, or name {user} for a plain kit")
            )
        return stays

    def _one(self, user: str) -> bool:
        """One user's kit; whether it was made."""
        if (why := self._refusal(user)) is not None:
            gone = "; its kit was removed" if self.storage.remove(user) else ""
            typer.echo(plain(f"{user}: {why}{gone}"), err=True)
            return False
        request = KitRequest(self.stack.of(user), user, self.trust, self._identity(user), self.secrets)
        made = build.kit(request, self.sign)
        self._keep(request, made)
        for note in made.notes:
            typer.echo(plain(f"{user}: {note}"), err=True)
        return True

    def _refusal(self, user: str) -> str | None:
        account = self.stack.users.get(user)
        if user == WILDCARD:
            return (
                "is the line for everyone whom RADIUS knows, and no one dials by that name; name a user who has a line"
            )
        if account is None and self.stack.radius_hubs:
            return "has no line in the users' file, so no kit can be made; RADIUS may accept this user all the same"
        if account is None:
            return "the stack has no such user; add the user and run `pulumi up`"
        if account.expires and account.is_expired(datetime.now(UTC)):
            return f"the account expired on {account.expires:%Y-%m-%d}; give it a later date and run `pulumi up`"
        return None

    def _keep(self, request: KitRequest, made: build.Kit) -> None:
        if not self.secrets:
            typer.echo(plain(f"{request.user}: {self.storage.put(request.user, made.files)}"))
            return
        phrase = encrypted_page.passphrase()
        page = encrypted_page.encrypt(f"{request.title}: {request.user}", made.files, phrase)
        typer.echo(plain(f"{request.user}: {self.storage.put_encrypted(request.user, page)}   passphrase {phrase}"))

    def _identity(self, user: str) -> Identity | None:
        if self.certificates is None:
            return None
        certificate, key = self.certificates / f"{user}.crt", self.certificates / f"{user}.key"
        if not certificate.exists():
            return None
        found = _read_identity(certificate, key, f"put it beside {certificate}")
        try:
            found.require_usable(locked=not self.secrets)
        except ValueError as error:
            raise OutputsError(f"{certificate} and {key} log nobody in: {error}") from None
        return found


def trust(stack: Outputs, pin: bool) -> Trust | None:
    """Whom devices trust: the stack's authority, or the certificate that the server shows. Raises OutputsError."""
    if stack.certificate:
        found = Trust(stack.certificate, stack.acme)
        try:
            found.expires  # noqa: B018
        except ValueError:
            raise OutputsError("The stack's outputs have a damaged `certificate`; take them again") from None
        return found
    if pin:
        return Trust(stack_outputs.served_certificate(stack))
    if not (stack.protocols.openvpn or stack.protocols.sstp):
        return None
    raise OutputsError(
        "The stack names no authority for the server's certificate, which OpenVPN and SSTP need; "
        "let the stack have one, or pin the certificate that the server shows now by --trust-shown"
    )


def _signer(certificate: Path, key: Path) -> build.Sign:
    signer = _read_identity(certificate, key, "give a PEM file")
    try:
        signer.require_usable(locked=False)
        apple.signed(b"", signer.certificate.encode(), signer.key.encode())
    except ValueError as error:
        raise OutputsError(f"{certificate} and {key} cannot sign: {error}; give a PEM chain and its key") from None
    return lambda profile: apple.signed(profile, signer.certificate.encode(), signer.key.encode())


def _read_identity(certificate: Path, key: Path, remedy: str) -> Identity:
    """A certificate and its key, as far as they are text. Raises OutputsError."""
    try:
        # PEM is ASCII: what is not text is refused as not PEM, by whoever reads it.
        return Identity(certificate.read_text("utf-8", "replace"), key.read_text("utf-8", "replace"))
    except OSError as error:
        raise OutputsError(f"{error.filename} cannot be read: {error.strerror}; {remedy}") from None


@contextmanager
def reported() -> Iterator[None]:
    """Say a refusal in its sentence, and exit."""
    try:
        yield
    except (OutputsError, ValueError) as error:
        typer.echo(plain_lines(error), err=True)
        raise typer.Exit(REFUSED) from None
