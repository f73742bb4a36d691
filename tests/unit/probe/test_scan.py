import time
from collections import Counter
from collections.abc import Callable
from threading import Event

import pytest

from labvpn.probe import scan, services
from labvpn.probe.observation import Observation
from labvpn.probe.targets import ProbedPort, targets
from tests.unit.probe.samples import GATEWAY, SERVER, denied

WANTED = targets("vpn.lab.example", tcp="443,992,5555", closed="22,8000")


class Network:
    """Ports that are refused, each only at the given look; before that, the error is held back."""

    def __init__(self, **refused_at: int) -> None:
        self.refused_at = {int(name[1:]): observe for name, observe in refused_at.items()}
        self.asked: Counter[int] = Counter()
        self.times: dict[int, float] = {}

    def observe(
        self, address: str, port: ProbedPort, name: str | None, knocked: Callable[[], object] = lambda: None
    ) -> Observation:
        assert (address, name) == (SERVER, "vpn.lab.example")
        self.asked[port.number] += 1
        self.times.setdefault(port.number, time.monotonic())
        at = self.refused_at.get(port.number)
        return denied(port, GATEWAY) if at and self.asked[port.number] >= at else Observation(port, 5)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> type[Network]:
    monkeypatch.setattr(scan, "_HEAD_START", 0.1)

    class Installed(Network):
        def __init__(self, **refused_at: int) -> None:
            super().__init__(**refused_at)
            monkeypatch.setattr(services, "observe", self.observe)

    return Installed


def states(network: Network) -> dict[int, str]:
    view = scan.scan("here", "outside", SERVER, WANTED)
    assert [seen.port for seen in view.observations] == [*WANTED.opened, *WANTED.closed]
    return {seen.port.number: seen.state for seen in view.observations}


def test_an_error_that_was_held_back_is_asked_for_again(looked: type[Network]) -> None:
    assert states(looked(p443=1, p992=2, p5555=3))[5555] == "rejected"


def test_silence_is_final_once_asking_brings_no_more_errors(looked: type[Network]) -> None:
    network = looked(p443=1)
    assert states(network)[992] == "dropped"
    assert network.asked == {443: 1, 992: 2, 5555: 2, 22: 1, 8000: 1}


def test_where_nothing_is_refused_nothing_is_asked_twice(looked: type[Network]) -> None:
    network = looked()
    assert set(states(network).values()) == {"dropped"}
    assert set(network.asked.values()) == {1}


def test_the_ports_that_shall_be_open_are_asked_before_those_that_shall_be_closed(looked: type[Network]) -> None:
    network = looked()
    states(network)
    assert (
        min(network.times[port] for port in (22, 8000)) - max(network.times[port] for port in (443, 992, 5555)) > 0.05
    )


def test_the_others_follow_at_once_when_all_have_answered_or_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_HEAD_START", 60.0)
    followed = Event()

    def observe(
        address: str, port: ProbedPort, name: str | None, knocked: Callable[[], object] = lambda: None
    ) -> Observation:
        knocked()
        if port in WANTED.closed:
            followed.set()
        # The services of a port that answers take longer, and are not waited for.
        return Observation(port, 1, connected=followed.wait(30))

    monkeypatch.setattr(services, "observe", observe)
    assert all(seen.connected for seen in scan.scan("here", "outside", SERVER, WANTED).observations)


def test_one_silent_port_keeps_the_head_start(looked: type[Network], monkeypatch: pytest.MonkeyPatch) -> None:
    network, real = looked(), Network.observe

    def observe(address: str, port: ProbedPort, name: str | None, knocked: Callable[[], object] = list) -> Observation:
        if port.number != 992:
            knocked()
        return real(network, address, port, name)

    monkeypatch.setattr(services, "observe", observe)
    states(network)
    assert min(network.times[port] for port in (22, 8000)) - network.times[443] >= 0.1
