"""What the host's agent reports of the server, as values that answer the owner's questions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import Field, ValidationError

from labvpn.kit.request import Trust
from labvpn.model.outputs import OutputsValue
from labvpn.model.untrusted import json_text

SOON = timedelta(minutes=5)
"""A session with less time left than this is about to be cut."""

NEAR = timedelta(days=30)
"""A certificate or an account that ends within this counts as ending."""


class ConnectedSession(OutputsValue):
    """One user's session; `received` and `sent` are bytes as the server counts them, times are UTC."""

    hub: str
    name: str
    user: str
    by_wildcard: bool = Field(
        default=False, alias="everybody", description="RADIUS let them in; the hub has no user of this name"
    )
    source: str
    since: datetime
    limit: int
    protocol: str
    received: int
    sent: int

    @property
    def ends(self) -> datetime | None:
        """When its time is over, None for no limit."""
        return self.since + timedelta(seconds=self.limit) if self.limit else None


class ExpiringAccount(OutputsValue):
    """A user whose account ends one day."""

    hub: str
    user: str
    expires: datetime


class FailedLogins(OutputsValue):
    """The failed logins of one name from one source within a day; the source is empty where the log names none."""

    hub: str
    user: str
    source: str
    count: int
    last: datetime


class BannedSource(OutputsValue):
    """A source of so many failed logins that it may open no new connection for now."""

    source: str
    until: datetime
    failures: int


class Crashed(OutputsValue):
    """A moment at which the server crashed, and the sources that were connecting then."""

    at: datetime
    sources: tuple[str, ...] = ()


class CertificateRenewal(OutputsValue):
    """How the host renews its certificate: by which authority, when last and next, and what goes wrong, if anything."""

    authority: str
    renewed: datetime
    next: datetime
    tried: datetime
    since: datetime
    by: str = ""
    trouble: str = ""


class CodeChecks(OutputsValue):
    """The second factor: how many users give a code, and what keeps all of them out, if anything."""

    users: int
    trouble: str = ""
    campus: str | None = Field(
        default=None, description="what keeps those out whose password the campus's RADIUS has; None: it is not asked"
    )


class StatusReport(OutputsValue):
    """The server at one moment of its own clock."""

    at: datetime
    sessions: tuple[ConnectedSession, ...] = ()
    accounts: tuple[ExpiringAccount, ...] = ()
    failures: tuple[FailedLogins, ...] = ()
    banned: tuple[BannedSource, ...] = Field(default=(), alias="barred")
    crashes: tuple[Crashed, ...] = ()
    guard: str | None = Field(
        default=None, description="what prevents the login guard from working, empty for nothing; None without one"
    )
    certificate: str = ""
    renewal: CertificateRenewal | None = Field(default=None, description="None: the host does not renew it by itself")

    second_factor: CodeChecks | None = Field(default=None, description="None: nobody gives a code")

    def left(self, session: ConnectedSession) -> timedelta | None:
        """How long a session still has; less than nothing if its cut is overdue."""
        return session.ends - self.at if session.ends else None

    def is_ending(self, session: ConnectedSession) -> bool:
        """Whether a session is about to be cut."""
        left = self.left(session)
        return left is not None and left < SOON

    def is_near(self, moment: datetime) -> bool:
        """Whether a certificate's or an account's end is near."""
        return moment - self.at < NEAR

    @property
    def certificate_expires(self) -> datetime | None:
        """When the server's certificate ends, None where it could not be seen."""
        return Trust(self.certificate).expires if self.certificate else None


def read(answer: str) -> StatusReport:
    """The agent's answer. Raises ValueError with a sentence for any other text."""
    try:
        return StatusReport.model_validate_json(answer)
    except ValidationError:
        sentence = "The agent on the VPN host gave no readable answer; run `pulumi up` to renew it"
        raise ValueError(sentence) from None


def to_json(report: StatusReport) -> str:
    """The report for a program: times in UTC, what is left in seconds."""
    data = report.model_dump(mode="json", by_alias=True, exclude={"certificate", "sessions"})
    ends = report.certificate_expires
    data["certificate"] = {"expires": ends.astimezone(UTC).isoformat() if ends else None}
    if report.renewal is None:
        del data["renewal"]
    if report.second_factor is None:
        del data["secondFactor"]
    data["sessions"] = [
        {
            **session.model_dump(mode="json", by_alias=True),
            "seconds_left": round(left.total_seconds()) if (left := report.left(session)) is not None else None,
            "ending": report.is_ending(session),
        }
        for session in report.sessions
    ]
    return json_text(data)
