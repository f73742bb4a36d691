"""Every outcome of a signed update, on a real BIND and a real knot: what stands afterwards, or the sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

import pytest
import yaml

from rehearsal import network, zones
from tests.rehearsal.conftest import Rehearsal

SERVERS = {"BIND": (zones.BIND_ZONE, network.PRIMARY), "knot": (zones.KNOT_ZONE, network.KNOT)}

FOREIGN = "which this stack did not put there; remove it there, or take it over by dns.adopt: true"
CLOSED = (
    "would be dialled first and is not open by TCP 443 (connection refused); open IPv6 on every hop, leave that "
    "address out, or set dns.ipv6: unchecked if it cannot be seen from here"
)
NO_RIGHT = {
    "BIND": "refused the update of {zone} (REFUSED); give the key '{key}' the right to these names and types",
    "knot": "gives the key '{key}' (hmac-sha256) no right to this update of {zone} (BADKEY)",
}

TABLE: dict[str, str | dict[str, str]] = {
    "create": "A 203.0.113.20",
    "create_again": "A 203.0.113.20",
    "create_over_another": f"shows A 203.0.113.9 for vpn.{{own}}, {FOREIGN} | A 203.0.113.9",
    "adopt": "A 203.0.113.20, then A 203.0.113.9",
    "replace_seen": "A 203.0.113.20",
    "replace_stale": f"shows A 203.0.113.7 for vpn.{{own}}, {FOREIGN} | A 203.0.113.7",
    "replace_with_an_extra": f"A 203.0.113.7, 203.0.113.9 for vpn.{{own}}, {FOREIGN} | A 203.0.113.7, 203.0.113.9",
    "prerequisite_absent": "a prerequisite does not hold",
    "prerequisite_stale": "a prerequisite does not hold",
    "prerequisite_extra": "a prerequisite does not hold",
    "identical": "done",
    "delete_absent": "nothing there",
    "delete_ours_alone": "A 203.0.113.9",
    "several": "A 203.0.113.20, 203.0.113.9",
    "every_algorithm": "hmac-sha224, hmac-sha256, hmac-sha384, hmac-sha512",
    "unknown_key": "does not know the key 'nobody' (hmac-sha256) (BADKEY); set name and algorithm as they are there",
    "wrong_algorithm": "does not know the key 'labvpn' (hmac-sha512) (BADKEY)",
    "wrong_secret": "refused the secret of the key 'labvpn' (hmac-sha256) (BADSIG); set dnsKey to the server's secret",
    "no_base64": "The TSIG key is not base64",
    "clock_ahead": "this machine's clock is 900 s ahead of its own (BADTIME); set the clock that is wrong",
    "clock_behind": "this machine's clock is 900 s behind its own (BADTIME)",
    "zone_not_served": "does not serve nowhere.example (REFUSED); correct dns.zone, or name the zone's primary",
    "update_not_served": "does not serve nowhere.example (NOTAUTH)",
    "no_apex": "does not serve below.{own} as a zone",
    "nothing_listens": "cannot be reached by TCP (connection refused); check that it runs and that TCP port 5353",
    "an_alias_there": "shows that alias.{own} is an alias (CNAME elsewhere.example.), and nothing can stand beside one",
    "ipv6_closed": f"The address 2001:db8::20 of vpn.{{own}} {CLOSED} | nothing there",
    "ipv6_open": "AAAA 2001:db8::20, then nothing there",
    "ipv6_unchecked": "AAAA 2001:db8::20",
    "not_granted": NO_RIGHT,
    "type_not_granted": NO_RIGHT,
    "unsigned": {"BIND": "REFUSED", "knot": "NOTAUTH"},
    "key_without_rights": NO_RIGHT,
}
"""What each case ends with on either server; `{own}` is the server's zone."""

BIND_ALONE = {
    "zone_broken": "cannot serve or write broken.example (SERVFAIL); its zone or journal is broken: look at its log",
    "journal_broken": "cannot serve or write absent.example (SERVFAIL); its zone or journal is broken: look at its log",
}


def given(machines: Rehearsal, server: str) -> str:
    zone, address = SERVERS[server]
    secret = yaml.safe_load((machines.state / "values.yaml").read_text())["dnsKey"]
    return json.dumps({"zone": zone, "server": address, "secret": secret}) + "\n"


def command(*cases: str) -> list[str]:
    return [sys.executable, "-m", "tests.rehearsal.dns_cases", *cases]


@pytest.fixture(scope="module")
def outcomes(machines: Rehearsal) -> dict[str, dict[str, str]]:
    """Every case on both servers, each server's in one process on the administrator's machine."""
    # What BIND finds where it would begin a journal makes its updates of that zone fail.
    machines.output("names", "mkdir", "-p", "/run/labvpn/names/primary/absent.example.zone.jnl")
    cases = {"BIND": (*TABLE, *BIND_ALONE), "knot": tuple(TABLE)}
    return {
        server: json.loads(machines.output("admin", *command(*cases[server]), input=given(machines, server)))
        for server in SERVERS
    }


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("case", TABLE)
def test_every_outcome_has_its_own_words_on_both_servers(
    outcomes: dict[str, dict[str, str]], server: str, case: str
) -> None:
    expected = TABLE[case]
    own = SERVERS[server][0]
    words = expected if isinstance(expected, str) else expected[server]
    key = "stranger" if case == "key_without_rights" else "labvpn"
    zone = "lab.example" if case in ("not_granted", "type_not_granted") and server == "BIND" else own
    assert words.format(own=own, key=key, zone=zone) in outcomes[server][case]


@pytest.mark.parametrize("case", BIND_ALONE)
def test_a_zone_that_cannot_be_written_is_called_so(outcomes: dict[str, dict[str, str]], case: str) -> None:
    assert BIND_ALONE[case] in outcomes["BIND"][case]


def test_no_outcome_repeats_the_secret(machines: Rehearsal, outcomes: dict[str, dict[str, str]]) -> None:
    secret = json.loads(given(machines, "BIND"))["secret"]
    assert secret not in json.dumps(outcomes)


class Stopped:
    """A server that is stopped in the middle of a case, and let go on later."""

    def __init__(self, machines: Rehearsal, service: str) -> None:
        self.machines, self.service = machines, service

    def send(self, signal: str) -> None:
        self.machines.output("names", "sh", "-c", f"kill -{signal} $(cat /run/labvpn/pid/{self.service})")


@pytest.fixture(params=["BIND", "knot"])
def sleeper(request: pytest.FixtureRequest, machines: Rehearsal) -> Iterator[tuple[str, Stopped]]:
    stopped = Stopped(machines, "named-primary" if request.param == "BIND" else "knot")
    yield request.param, stopped
    stopped.send("CONT")


def begin(machines: Rehearsal, server: str, case: str, stopped: Stopped) -> subprocess.Popen[str]:
    """The case up to the moment at which the server sleeps."""
    line, pipes = machines.line("exec", "admin", "--", *command(case)), subprocess.PIPE
    process = subprocess.Popen(line, stdin=pipes, stdout=pipes, text=True, env=machines.environment)
    pipe(process.stdin).write(given(machines, server))
    pipe(process.stdin).flush()
    assert pipe(process.stdout).readline() == "now\n"
    stopped.send("STOP")
    pipe(process.stdin).write("\n")
    pipe(process.stdin).flush()
    return process


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def test_an_update_whose_server_sleeps_is_read_back_before_it_is_repeated(
    machines: Rehearsal, sleeper: tuple[str, Stopped]
) -> None:
    server, stopped = sleeper
    process = begin(machines, server, "silent_for_a_while", stopped)
    try:
        process.wait(7)
    except subprocess.TimeoutExpired:
        stopped.send("CONT")
    stored = json.loads(process.communicate(timeout=60)[0])["silent_for_a_while"]
    assert stored.startswith("A 203.0.113.20 | ")
    assert "gives no answer by TCP within 5 s" in stored
    assert "reading back before the update is repeated" in stored


def test_a_server_that_does_not_wake_is_given_up_with_a_remedy(
    machines: Rehearsal, sleeper: tuple[str, Stopped]
) -> None:
    server, stopped = sleeper
    process = begin(machines, server, "silent_for_good", stopped)
    stored = json.loads(process.communicate(timeout=60)[0])["silent_for_good"]
    assert "run this again, it reads first" in stored
