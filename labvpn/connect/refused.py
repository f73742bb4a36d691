"""Why a command on a host failed, from what the host itself printed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from labvpn.connect import frame
from labvpn.connect.frame import Said

LONGEST = 160
"""Characters of a host's own words in a sentence."""

LAST = 4
"""Lines at the end of what was printed that are a refusal; a greeting comes before them."""

NOLOGIN = 254
"""The exit status by which OpenSSH ends a session after it has printed /etc/nologin (session.c, do_nologin)."""

ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\-_])")
"""Terminal sequences (ECMA-48, section 5.4): colours and titles of greetings."""


ADVICE = re.compile(r"^\W*(if|when|should|unless|in case)\b", re.IGNORECASE)
"""How a line of a greeting begins that says what to do in some case, which need not be this one."""


class Cause(NamedTuple):
    """A known way in which a host refuses: how it says so, what that means, and what to do."""

    words: re.Pattern[str]
    what: str
    remedy: str


def _cause(words: str, what: str, remedy: str) -> Cause:
    return Cause(re.compile(words, re.IGNORECASE), what, remedy)


OF_LOGINS = (
    _cause(
        r"account (has |is )?expired",
        "says that the account of {user} has expired",
        "lift that there: chage -E -1 {user}",
    ),
    _cause(
        r"account (has been |was |is )?(temporarily )?locked",
        "says that the account of {user} is locked",
        "unlock it there (usermod -U {user}; after failed logins: faillock --user {user} --reset)",
    ),
    _cause(
        r"too many logins for",
        "lets {user} log in no more often at once",
        "end other logins of {user} there, or raise maxlogins in /etc/security/limits.conf",
    ),
    _cause(
        r"password.{0,20} expired|(change|changing) your.*password|password change required|must change your password"
        r"|new password is required|change expired password",
        "wants {user} to change an expired password first",
        "log in there by hand once and change it, or lift its age: chage -M -1 -d -1 {user}",
    ),
    _cause(
        r"/etc/nologin|system is (going down|booting up)|unprivileged users are not permitted",
        "lets nobody log in for now",
        "wait until it is over, or remove /etc/nologin there",
    ),
)
"""What a host may say before a login already, by PAM."""

OF_SESSIONS = (
    _cause(
        r"please login as the user",
        "lets {user} run nothing, and names another user",
        "set that one as server.ssh.user",
    ),
    _cause(
        r"sudo.*(tty|terminal)|must have a tty",
        "does not let {user} use sudo as a program does",
        "allow it in sudoers (visudo): `{user} ALL=(root) NOPASSWD: ALL` and `Defaults:{user} !requiretty`",
    ),
    _cause(
        r"sudo.*(password|authenticat)|not in the sudoers|may not run sudo|not allowed to (execute|run)"
        r"|sudo.*(incident|permission denied)",
        "does not let {user} run everything as root by sudo without a password",
        "allow it in sudoers (visudo): `{user} ALL=(root) NOPASSWD: ALL`, or log in as root",
    ),
    _cause(
        r"^env: .*\bsudo\b|sudo: .*not found|not found: sudo|sudo: no such|unknown command: .?sudo"
        r"|.sudo. (not found|is not)"
        r"|not find.*sudo",
        "has no sudo for {user}",
        "install sudo there, or log in as root",
    ),
    _cause(
        r"^sudo: .*(setuid|nosuid|no new privileges)",
        "has a sudo that cannot become root",
        "restore its owner and mode (chown root: and chmod 4755), or allow setuid where it lies; or log in as root",
    ),
    _cause(
        r"^/etc/sudoers\S*:\d+|^>>> /etc/sudoers"
        r"|^sudo: (parse error|no valid sudoers|error in |unable to load plugins)",
        "has a sudo whose configuration it cannot read",
        "correct that there (visudo -c names file and line), or log in as root",
    ),
    _cause(
        r"sftp connections? only|sftp[- ]only|only (allows|permits) sftp|limited to sftp|only scp",
        "lets {user} move files alone",
        "give server.ssh.user one with a shell, or take ForceCommand internal-sftp from this one in sshd_config",
    ),
    _cause(
        r"account is currently not available|shell (access )?is disabled|no shell|not a(llowed)? shell|login disabled",
        "gives {user} no shell",
        "give it one (usermod -s /bin/sh {user}), or name another user as server.ssh.user",
    ),
    _cause(
        r"/bin/sh.*(not found|no such|permission denied|restricted)|restricted: cannot",
        "does not let {user} run /bin/sh",
        "give it a shell without restriction, or name another user as server.ssh.user",
    ),
    _cause(
        r"(resource temporarily unavailable|cannot fork|fork failed|no space left|out of memory|cannot allocate)",
        "cannot start a program",
        "make room on it, then run this again",
    ),
    # These are warnings, after which sudo goes on.
    _cause(
        r"^sudo: (?!unable to resolve|setrlimit|.*: problem with defaults)",
        "does not let {user} use sudo for this",
        "try `sudo -n true` there as that user, and allow it in sudoers (visudo): `{user} ALL=(root) NOPASSWD: ALL`",
    ),
)

FORCED = (
    "look there for command= in authorized_keys, ForceCommand in sshd_config, and exit, exec or a question in the "
    "shell's start files"
)


def unreached(said: Said, user: str, seconds: float | None = None) -> tuple[str, str]:
    """Why a session never came to the command, with a remedy; `seconds` where it was still going on after those."""
    for stream in (said.err, said.out):
        if found := known(stream.decode(errors="replace"), user, (*OF_LOGINS, *OF_SESSIONS)):
            return found
    words = _both(said)
    if len(said.out) > frame.MOST_BYTES:
        begins = words_of(said.out[:LONGEST].decode(errors="replace"))
        return f"printed more than {frame.MOST_BYTES >> 20} MB instead of an answer (it begins: {begins})", FORCED
    if seconds is not None:
        heard = f"it had said: {words}" if words else "without a word"
        return f"did not come to the command within {seconds:.0f} s, {heard}", FORCED
    if said.exit_status == frame.EATEN:
        remedy = "have them read from a terminal alone: `[ -t 0 ] || return` at the beginning of ~/.bashrc"
        return f"lets the start files of {user}'s shell read what the command is sent", remedy
    if said.exit_status == NOLOGIN:
        return f"lets nobody log in for now (it said: {words})", "wait until that is over, or remove /etc/nologin there"
    if words:
        return f"did something else than what it was asked (it said: {words})", FORCED
    status = "" if said.exit_status is None else f" (exit status {said.exit_status})"
    return f"ended the session without a word{status}", FORCED


def known(text: str, user: str, causes: Iterable[Cause] = OF_LOGINS) -> tuple[str, str] | None:
    """What the last words of a host mean, quoted, with a remedy; None for words that are not known."""
    lines = [line for line in _lines(text)[-LAST:] if not ADVICE.match(line)]
    for cause in causes:
        for line in lines:
            if cause.words.search(line):
                return f"{cause.what.format(user=user)} (it said: {_short(line)})", cause.remedy.format(user=user)
    return None


def last_line(text: str, otherwise: str = "the command failed without a word") -> str:
    """The last line of what was printed, fit for a sentence."""
    lines = _lines(text)
    return _short(lines[-1]) if lines else otherwise


def words_of(text: str) -> str:
    """Words of a host or of SSH in one line of a sentence."""
    return _short(" ".join(_lines(text)))


def _both(said: Said) -> str:
    """The last line of each of the two streams."""
    ends = [last_line(part.decode(errors="replace"), "") for part in (said.out[-4096:], said.err[-4096:])]
    return " / ".join(dict.fromkeys(filter(None, ends)))


def _lines(text: str) -> list[str]:
    """The lines with something to read, without terminal sequences and other characters that cannot be shown."""
    plain = ESCAPES.sub("", text[: 1 << 16] if len(text) <= 1 << 17 else text[: 1 << 16] + text[-(1 << 16) :])
    printable = (
        "".join(char if char.isprintable() else " " for char in line).strip() for line in re.split(r"[\r\n]", plain)
    )
    return [line for line in printable if line]


def _short(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def unusable(error: Exception) -> tuple[str, str]:
    """Why a key of the configuration opens nothing."""
    from labvpn.connect.library import asyncssh  # a probe from here reads the words above without it

    if isinstance(error, asyncssh.KeyEncryptionError) or "passphrase" in str(error).lower():
        remedy = "set a key without one (ssh-keygen -p), or use login: agent"
        return "cannot be asked: sshKey is locked by a passphrase", remedy
    return "cannot be asked: sshKey is not a key that SSH reads", "set it again from the key file"
