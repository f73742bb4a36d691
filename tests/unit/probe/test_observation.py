import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labvpn.probe.observation import Certificate, Observation, Refusal, cause, from_json, to_json
from labvpn.probe.targets import ProbedPort

SERVER, GATEWAY = "203.0.113.20", "203.0.113.17"
TCP, UDP = ProbedPort("tcp", 443), ProbedPort("udp", 500)


def rejected(port: ProbedPort, *refusal: object) -> Observation:
    return Observation(port, 1, refusal=Refusal(*refusal))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("observation", "said"),
    [
        (Observation(TCP, 1, connected=True), "open"),
        (Observation(UDP, 1, services=("IKE",)), "open"),
        (Observation(UDP, 5), "silence"),
        (rejected(TCP, "ECONNREFUSED"), "no listener"),
        (rejected(UDP, "ECONNREFUSED"), "no listener"),
        (rejected(UDP, "ECONNREFUSED", 3, SERVER), "no listener"),
        (rejected(UDP, "EHOSTUNREACH", 13, SERVER), "firewall:server"),
        (rejected(TCP, "EHOSTUNREACH", 10, SERVER), "firewall:server"),
        (rejected(UDP, "EHOSTUNREACH", 13, GATEWAY), "firewall:elsewhere"),
        (rejected(UDP, "ENETUNREACH", 9, GATEWAY), "firewall:elsewhere"),
        (rejected(TCP, "EHOSTUNREACH"), "firewall:unseen"),
        (rejected(TCP, "EHOSTUNREACH", 1, GATEWAY), "no host"),
        (rejected(UDP, "ENETUNREACH"), "unreachable"),
    ],
)
def test_each_state_has_its_cause(observation: Observation, said: str) -> None:
    assert cause(observation, SERVER) == said


def test_port_unreachable_is_a_firewalls_word_if_another_machine_or_tcp_is_told_so() -> None:
    assert cause(rejected(UDP, "ECONNREFUSED", 3, GATEWAY), SERVER) == "firewall:elsewhere"
    assert cause(rejected(TCP, "ECONNREFUSED", 3, SERVER), SERVER) == "firewall:server"


def test_a_refusal_from_a_known_address_of_the_fortigate_is_its_own() -> None:
    assert cause(rejected(UDP, "EHOSTUNREACH", 13, GATEWAY), SERVER, (GATEWAY,)) == "firewall:fortigate"


refusals = st.builds(Refusal, st.text(), st.none() | st.integers(0, 15), st.none() | st.just(SERVER))
certificates = st.builds(Certificate, st.text(), st.lists(st.text()).map(tuple), st.none() | st.integers())
observations = st.builds(
    Observation,
    st.builds(ProbedPort, st.sampled_from(["tcp", "udp"]), st.integers(1, 65535)),
    st.integers(1, 5),
    st.booleans(),
    st.lists(st.text()).map(tuple),
    st.text(),
    st.none() | refusals,
    st.none() | certificates,
)


@given(observations)
def test_what_another_machine_saw_arrives_whole(observation: Observation) -> None:
    assert from_json(json.loads(json.dumps(to_json(observation)))) == observation
