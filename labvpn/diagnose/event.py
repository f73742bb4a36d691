"""The vocabulary of a diagnosis: causes, stages, the steps of an attempt, and the events that a line can be."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum, auto


class Cause(StrEnum):
    """Why an attempt ended as it did; the values are the ids in the JSON output."""

    IPSEC_PORTS = "ipsec-ports-blocked"
    ESP_OR_4500 = "esp-or-4500-blocked"
    PSK = "wrong-psk"
    CREDENTIALS = "wrong-credentials"
    NO_ADDRESS = "no-address"
    L2TP_SILENT = "l2tp-no-reply"
    PROPOSAL = "proposal-mismatch"
    CERTIFICATE = "certificate"
    TCP_443 = "tcp-443-blocked"
    SECOND_LOGIN = "second-login"
    EXPIRED = "account-expired"
    DEVICE = "device-not-allowed"
    NAME = "name-not-found"
    FULL = "server-full"
    CLIENT = "client-firewall"
    TIME_OVER = "session-time-over"
    CONNECTED = "connected"
    UNKNOWN = "unknown"


class Stage(StrEnum):
    """How far an attempt came; the values are in the JSON output."""

    NAME = "name"
    TRANSPORT = "transport"
    TLS = "tls"
    PHASE_1 = "phase-1"
    PHASE_2 = "phase-2"
    L2TP = "l2tp"
    AUTHENTICATION = "authentication"
    ADDRESS = "address"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    UNKNOWN = "unknown"


class DialStep(IntEnum):
    """What was seen to happen, in order: L2TP/IPsec below 20, TLS below 40, what both share above."""

    DIALLED = 1
    IPSEC_ASKED = 8
    IKE_SENT = 9
    IKE_REPLIED = 10
    IKE_ANSWERED = 11
    IKE_ON_4500 = 12
    IKE_UP = 13
    IPSEC_SENT = 14
    IPSEC_UP = 15
    L2TP_SENT = 16
    L2TP_ANSWERED = 17
    CALL_ANSWERED = 18
    L2TP_UP = 19
    TCP_SENT = 20
    TLS_SENT = 21
    TCP_UP = 22
    TLS_ANSWERED = 23
    TLS_UP = 24
    PUSH_ASKED = 25
    PUSHED = 26
    PPP_ANSWERED = 40
    AUTH_SENT = 41
    AUTH_OK = 42
    SESSION = 43
    ADDRESS_ASKED = 44
    UP = 50


class Kind(Enum):
    """What a line means for the attempt."""

    START = auto()  # a new attempt begins
    STEP = auto()  # the attempt came as far as `step`
    FAILED = auto()  # it failed here, without a reason
    MESSAGE = auto()  # the line names its causes
    CLOSED = auto()  # an orderly end, or the user ended it
    CUT = auto()  # the other side ended it
    LOST = auto()  # an established session fell silent
    COMPLAINT = auto()  # a program of a VPN complains of what no table knows
    NOISE = auto()  # looks like a failure, but is not


class Family(StrEnum):
    """Who wrote the line."""

    APPLE = "Apple"
    WINDOWS = "Windows"
    LINUX = "Linux"
    ANDROID = "Android"
    OPENVPN = "OpenVPN"
    SOFTETHER = "SoftEther"
    SERVER = "server"
    FOREIGN = "foreign"


NAMED, STRONG, WEAK = 100, 60, 30
"""Weights: the line names its cause; it leaves few alternatives; it is a code or sentence with many causes."""


@dataclass(frozen=True, slots=True)
class Event:
    """One recognised line: `number` counts from 1, `at` is its second of the day, `excerpt` what matched, redacted.

    `fault` says more closely what its first cause is (`faults.FAULTS`); a `generic` line is one that other programs
    write too, and means nothing without a line that only those of a VPN write.
    """

    family: Family
    kind: Kind
    number: int
    excerpt: str
    at: float | None = None
    step: DialStep | None = None
    stage: Stage = Stage.UNKNOWN
    causes: tuple[Cause, ...] = ()
    weight: int = 0
    code: str = ""
    fault: str = ""
    generic: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a recogniser table: a regular expression, searched without regard to case, and what it means."""

    pattern: str
    kind: Kind
    step: DialStep | None = None
    stage: Stage = Stage.UNKNOWN
    causes: tuple[Cause, ...] = ()
    weight: int = 0


Table = tuple[Row, ...]


def starts(*patterns: str, step: DialStep = DialStep.DIALLED) -> Iterator[Row]:
    """Rows of lines that begin an attempt."""
    return (Row(pattern, Kind.START, step) for pattern in patterns)


def reached(step: DialStep, *patterns: str) -> Iterator[Row]:
    """Rows of lines that show a completed step."""
    return (Row(pattern, Kind.STEP, step) for pattern in patterns)


def failed(*patterns: str, step: DialStep | None = None) -> Iterator[Row]:
    """Rows of lines that end an attempt without a reason; `step` is what they presuppose."""
    return (Row(pattern, Kind.FAILED, step) for pattern in patterns)


def ended(kind: Kind, *patterns: str) -> Iterator[Row]:
    """Rows of lines that end a session."""
    return (Row(pattern, kind) for pattern in patterns)


def message(stage: Stage, causes: str, *patterns: str, weight: int = NAMED) -> Iterator[Row]:
    """Rows of lines that name causes: `causes` are ids, most likely first, separated by blanks."""
    ranked = tuple(Cause(name) for name in causes.split())
    return (Row(pattern, Kind.MESSAGE, None, stage, ranked, weight) for pattern in patterns)
