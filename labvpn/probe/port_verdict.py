"""Each port against what is expected of it: as expected or not, and the hop where it is closed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labvpn.probe import bans, text
from labvpn.probe.fault_localisation import FaultLocation, Witness, locate
from labvpn.probe.observation import Observation, cause
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import ProbedPort

# The server's address, and the FortiGate's where they are known.
Known = tuple[str, tuple[str, ...]]
Outcome = tuple[bool, str, str]


@dataclass(frozen=True)
class PortReport:
    """One port: whether it should be open, whether it is as expected, and the hop where it is closed, expected or not.

    `because` is what each vantage point sees.
    """

    port: ProbedPort
    should_be_open: bool
    as_expected: bool
    message: str
    remedy: str
    because: tuple[str, ...]
    blame: FaultLocation | None


@dataclass(frozen=True)
class PortFinding:
    """One thing that is wrong with several ports alike."""

    ports: tuple[ProbedPort, ...]
    message: str
    remedy: str
    because: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The ports and what is wrong with them."""
        return f"{', '.join(map(str, self.ports))}: {self.message}"


def verdicts(
    port: ProbedPort,
    should_be_open: bool,
    seen: Sequence[VantageView],
    known: Known,
    without: Sequence[str],
    banned: Sequence[str] = (),
) -> PortReport:
    """What all vantage points together say of one port, in a lab `without` these hops.

    Those that the server has banned say nothing of the hops; where there are no others, that is the verdict.
    """
    if should_be_open and banned:
        free = [view for view in seen if view.name not in banned and view.place != "host" and view.observations]
        seen = [view for view in seen if view.name not in banned] if free else seen
        if not free:
            because = tuple(f"{text.place(view.name, view.place)}: banned" for view in seen if view.name in banned)
            return PortReport(port, True, False, bans.MESSAGE, bans.REMEDY, because, None)
    pairs = [(view, observation) for view in seen for observation in view.observations if observation.port == port]
    witnesses = [
        Witness(view.name, view.place, cause(observation, *_known(view, known))) for view, observation in pairs
    ]
    because = tuple(
        f"{text.place(view.name, view.place)}: {text.witnessed(one, *_known(view, known))}" for view, one in pairs
    )
    blamed = locate(port, witnesses, without)
    observations = [observation for _, observation in pairs]
    places = frozenset(witness.place for witness in witnesses)
    as_expected, message, remedy = (
        _should_be_open(observations, blamed, places) if should_be_open else _should_be_closed(witnesses)
    )
    return PortReport(port, should_be_open, as_expected, message, remedy, because, blamed)


def _known(view: VantageView, known: Known) -> Known:
    return view.address or known[0], known[1]


def findings(ports: Sequence[PortReport]) -> tuple[PortFinding, ...]:
    """What is wrong, the ports that are wrong alike taken together."""
    alike: dict[tuple[str, str, tuple[str, ...]], list[ProbedPort]] = {}
    for one in ports:
        if not one.as_expected:
            alike.setdefault((one.message, one.remedy, one.because), []).append(one.port)
    return tuple(PortFinding(tuple(together), *key) for key, together in alike.items())


def _should_be_open(
    observations: Sequence[Observation], blamed: FaultLocation | None, places: frozenset[str]
) -> Outcome:
    if blamed:
        return False, text.verdict(blamed), text.advice(blamed, places)
    if not observations:
        return False, "not probed", ""
    mute = [observation for observation in observations if not observation.services]
    if mute:
        return False, f"open, but {mute[0].detail}", "Something else than the VPN server listens there, or it hangs."
    return True, "open", ""


def _should_be_closed(witnesses: Sequence[Witness]) -> Outcome:
    """The port must be closed to the outside, or to the campus if not probed from outside; the host may reach it."""
    looked = {place: [witness for witness in witnesses if witness.place == place] for place in ("outside", "campus")}
    outside = looked["outside"] or looked["campus"]
    if not outside:
        return True, "not probed from outside", ""
    intruded = ", ".join(witness.name for witness in outside if witness.cause == "open")
    if not intruded:
        return True, "closed, as expected", ""
    remedy = "Stop what listens there, or close it in the FortiGate's policy and in the host's firewall (firewalld)."
    return False, f"open for {intruded}, though it should be closed: every hop lets it through", remedy
