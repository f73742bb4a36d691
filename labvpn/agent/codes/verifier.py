"""What FreeRADIUS asks about a login: the password with each code that is good now (RFC 6238), and each code once.

It runs inside of FreeRADIUS (rlm_python3), from a file beside its accounts. PAP hands on password and code, which are
compared here. Of MS-CHAPv2 (RFC 2759) there is only an answer to a challenge: FreeRADIUS gets the password with every
code that is good now, computes the answer to each, and says here which one it was.

Where the campus's RADIUS has the password, FreeRADIUS asks there (RFC 2865, section 2.3, a proxy): with what is before
a good code, which is used up once that server has accepted the rest.
"""

import errno
import hashlib
import hmac
import json
import os
import struct
import threading
import time
from base64 import b32decode
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

STEP = 30
"""Seconds for which a code is shown (RFC 6238, section 4.1, X)."""

SKEW = 1
"""Steps before and after the present one whose codes are good as well (section 5.2)."""

DIGITS = 6

# radiusd.RLM_MODULE_REJECT, _OK and _UPDATED: FreeRADIUS alone has that module.
REJECT, OK, UPDATED = 0, 2, 8

HERE = Path(__file__).resolve().parent
ACCOUNTS = HERE / "accounts.json"
USED = HERE / "used" / "steps.json"
TROUBLE = Path("/run/labvpn-codes/trouble")
SILENT = Path("/run/labvpn-codes/campus")
"""Which of the campus's RADIUS servers has not answered, and since when; not there while one does."""

CAMPUS = (("Proxy-To-Realm", ":=", "campus"),)

LOCK = threading.Lock()

Pairs = Optional[Tuple[Tuple[str, str], ...]]
Answer = Tuple[int, Tuple[Any, ...], Tuple[Any, ...]]
REFUSED = (REJECT, (), ())  # type: Answer
PASSED = (OK, (), ())  # type: Answer


def code_of(secret: str, step: int) -> str:
    """The code of a step (RFC 4226, section 5.3, with the step as its counter)."""
    digest = hmac.new(b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def used() -> Dict[str, int]:
    """The newest step whose code was used, by user; nothing where none was used yet.

    ValueError where the file is damaged, so that nobody gets in: what was used is not known any more.
    """
    if not os.path.lexists(str(USED)):
        return {}
    return {user: int(step) for user, step in content(USED).items()}


def content(path: Path) -> Any:
    """A JSON file's value; OSError for a folder, and for a pipe, which would be waited for."""
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "is not a file", str(path))
    return json.loads(path.read_text("utf-8"))


def unused(user: str) -> List[int]:
    """The steps that are good now and newer than the last one that this user used."""
    now = int(time.time()) // STEP
    last = used().get(user, -1)
    return [step for step in range(now - SKEW, now + SKEW + 1) if step > last]


def claim(user: str, step: int) -> bool:
    """Use a step up; False where another login has done that in the meantime."""
    with LOCK:
        steps = used()
        if steps.get(user, -1) >= step:
            return False
        steps[user] = step
        draft = USED.with_name(USED.name + ".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(steps, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(USED)
    note(TROUBLE, "")
    return True


def account_of(user: str) -> Optional[Dict[str, str]]:
    """What is known of a user; None for a name that is not to get in here, whoever else may know it."""
    accounts = content(ACCOUNTS)  # type: Dict[str, Dict[str, str]]
    return accounts.get(user)


def answer_to(user: str, given: Dict[str, str]) -> Answer:
    """The answer to a login by PAP; for MS-CHAPv2 the passwords with their codes, each with its step."""
    account = account_of(user)
    if account is None:
        return REFUSED
    if "radius" in account:
        return answer_of_campus(user, account, given)
    words = [(step, account["password"] + code_of(account["secret"], step)) for step in unused(user)]
    if "User-Password" not in given:
        # The answer to the challenge depends on the name as it was typed, which SoftEther does not hand on.
        names = (user, "{}@{}".format(user, account["hub"]))
        return UPDATED, (), tuple(pair for name in names for step, word in words for pair in one_try(name, step, word))
    step = step_of(given["User-Password"], words)
    return (OK, (), (("Auth-Type", ":=", "Accept"),)) if step is not None and claim(user, step) else REFUSED


def answer_of_campus(user: str, account: Dict[str, str], given: Dict[str, str]) -> Answer:
    """What the campus's RADIUS is asked: of a user who gives a code the password alone, and only after a good code.

    Nobody knows password and code together, so that no answer of MS-CHAPv2 can be computed from both.
    """
    name = pair_of("Tmp-String-1", account["radius"])
    if "secret" not in account:
        return UPDATED, (), (*CAMPUS, name)
    typed = given.get("User-Password", "")
    password, code = typed[:-DIGITS], typed[-DIGITS:]
    step = step_of(code, [(step, code_of(account["secret"], step)) for step in unused(user)])
    if not password or step is None:
        return REFUSED
    return UPDATED, (), (*CAMPUS, name, pair_of("Tmp-String-0", password), pair_of("Tmp-Integer-0", str(step)))


def step_of(sent: str, words: List[Tuple[int, str]]) -> Optional[int]:
    """The first step whose word was sent."""
    good = [step for step, word in words if hmac.compare_digest(word.encode("utf-8"), sent.encode("utf-8"))]
    return good[0] if good else None


def one_try(name: str, step: int, word: str) -> Tuple[Tuple[str, str, str], ...]:
    """What FreeRADIUS is to compute an answer from."""
    texts = (("Tmp-String-0", word), ("Tmp-String-1", name), ("Tmp-Integer-0", str(step)))
    return tuple(pair_of(attribute, text, "+=") for attribute, text in texts)


def pair_of(attribute: str, text: str, operator: str = ":=") -> Tuple[str, str, str]:
    """A value for FreeRADIUS, which reads a text as if in quotes, where a backslash escapes."""
    return attribute, operator, text.replace("\\", "\\\\")


def authorize(pairs: Pairs) -> Answer:
    """FreeRADIUS's question before it looks at any password."""
    given = dict(pairs or ())
    return guarded(lambda: answer_to(given.get("User-Name", ""), given))


def authenticate(pairs: Pairs) -> Answer:
    """FreeRADIUS has found by MS-CHAPv2 the step whose code was sent: it is good once."""
    given = dict(pairs or ())
    return guarded(lambda: PASSED if claim(given["User-Name"], int(given["Tmp-Integer-0"])) else REFUSED)


def post_proxy(pairs: Pairs) -> Answer:
    """The campus's RADIUS has answered, or the server in Tmp-String-2 has not in time."""
    silent = dict(pairs or ()).get("Tmp-String-2", "")
    if not silent or not SILENT.exists():
        note(SILENT, silent and time.strftime(silent + " %Y-%m-%d %H:%M UTC", time.gmtime()))
    return PASSED


def post_auth(pairs: Pairs) -> Answer:
    """The campus's RADIUS has accepted the password of a user: a code that was behind it is good once."""
    given = dict(pairs or ())
    user = given.get("User-Name", "")
    return guarded(lambda: PASSED if is_settled(user, given) else REFUSED)


def is_settled(user: str, given: Dict[str, str]) -> bool:
    """Whether a user whom the campus's RADIUS accepts gets in."""
    account = account_of(user)
    return account is not None and ("secret" not in account or claim(user, int(given["Tmp-Integer-0"])))


def guarded(answer: Callable[[], Answer]) -> Answer:
    """An answer; nobody gets in where a file cannot be read or written, and the reason is left for the agent."""
    try:
        return answer()
    except OSError as error:
        note(TROUBLE, "{} ({})".format(error.filename or USED, error.strerror or "input/output error"))
    except Exception:
        note(TROUBLE, "{} or {} is damaged".format(ACCOUNTS, USED))
    return REFUSED


def note(file: Path, sentence: str) -> None:
    """Leave what goes wrong where the agent reads it: in memory, so that a full disk cannot get in its way."""
    try:
        if sentence:
            file.write_text(sentence, "utf-8")
        elif file.exists():
            file.unlink()
    except OSError:
        # The login is decided already.
        return
