"""Files and folders onto the remote host by SFTP, which the server must offer.

A folder without a trailing slash is put inside the remote path; a file goes into an existing folder, otherwise to the
remote path itself. Existing files are overwritten, modes are not copied.
"""

from pathlib import Path, PurePosixPath

from labvpn.connect.library import asyncssh
from rehearsal.toolchain.kind import ProviderError
from rehearsal.toolchain.values import Object


async def copy(connection: asyncssh.SSHClientConnection, source: Object, remote_path: str) -> None:
    """Copy an asset or archive of the engine's to the remote path."""
    try:
        async with connection.start_sftp_client() as sftp:
            if source.get("text"):
                await _copy_text(sftp, source["text"], remote_path)
            elif Path(source["path"]).is_dir():
                await _copy_folder(sftp, source["path"], remote_path)
            else:
                await _copy_file(sftp, Path(source["path"]), remote_path)
    except FileNotFoundError as error:
        raise ProviderError(f"open {error.filename}: no such file or directory") from error
    except (OSError, asyncssh.Error) as error:
        raise ProviderError(f"failed to copy to remote path {remote_path}: {error}") from error


async def _copy_text(sftp: asyncssh.SFTPClient, text: str, remote_path: str) -> None:
    if await sftp.isdir(remote_path):
        raise ProviderError(
            f"remote path {remote_path} is a directory; when using a text asset, remotePath must be a file path"
        )
    await _write(sftp, remote_path, text.encode())


async def _copy_file(sftp: asyncssh.SFTPClient, source: Path, remote_path: str) -> None:
    content = source.read_bytes()
    inside = await sftp.isdir(remote_path)
    await _write(sftp, f"{remote_path.rstrip('/')}/{source.name}" if inside else remote_path, content)


async def _copy_folder(sftp: asyncssh.SFTPClient, source: str, remote_path: str) -> None:
    target = PurePosixPath(remote_path)
    if not source.endswith("/"):
        target /= Path(source).name
    await sftp.makedirs(str(target), exist_ok=True)
    for item in sorted(Path(source).rglob("*")):
        place = str(target / item.relative_to(source).as_posix())
        if item.is_dir():
            await sftp.makedirs(place, exist_ok=True)
        else:
            await _write(sftp, place, item.read_bytes())


async def _write(sftp: asyncssh.SFTPClient, place: str, content: bytes) -> None:
    await sftp.makedirs(str(PurePosixPath(place).parent), exist_ok=True)
    async with sftp.open(place, "wb") as file:
        await file.write(content)
