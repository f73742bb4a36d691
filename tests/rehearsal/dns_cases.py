"""Run on a machine of the rehearsal: `python -m tests.rehearsal.dns_cases CASE... < {"zone": ..., "secret": ...}`.

Each case is one outcome of RFC 2136 and TSIG, tried on a real server; the answer is JSON, the sentence of each case.
"""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import replace

import dns.name
import dns.update

from labvpn.connect.dns import primary
from labvpn.connect.dns.tsig import Signer, Zone, exchange
from labvpn.render.dns import update
from labvpn.state.records import Key, Sets, read
from tests.rehearsal import dns_ipv6, dns_refusals
from tests.rehearsal.dns_server import OURS, THEIRS, Server, said, wire


def create(server: Server) -> str:
    server.publish()
    server.keeper().bring({}, server.sets(OURS))
    return server.published()


def create_again(server: Server) -> str:
    server.publish(OURS)
    server.keeper().bring({}, server.sets(OURS))
    return server.published()


def create_over_another(server: Server) -> str:
    server.publish(THEIRS)
    return said(lambda: server.keeper().bring({}, server.sets(OURS))) + server.published()


def adopt(server: Server) -> str:
    server.publish(THEIRS)
    before = server.keeper(adopt=True).bring({}, server.sets(OURS))
    adopted = server.published()
    server.keeper().leave(server.sets(OURS), before)
    return f"{adopted}, then {server.published()}"


def replace_seen(server: Server) -> str:
    server.publish(THEIRS)
    server.keeper().bring(server.sets(THEIRS), server.sets(OURS))
    return server.published()


def replace_stale(server: Server) -> str:
    server.publish("203.0.113.7")
    return said(lambda: server.keeper().bring(server.sets(THEIRS), server.sets(OURS))) + server.published()


def replace_with_an_extra(server: Server) -> str:
    server.publish(THEIRS, "203.0.113.7")
    return said(lambda: server.keeper().bring(server.sets(THEIRS), server.sets(OURS))) + server.published()


def prerequisite_absent(server: Server) -> str:
    server.publish(OURS)
    return wire(server.zone, update(server.zone.name, {}, server.sets(THEIRS)))


def prerequisite_stale(server: Server) -> str:
    server.publish(OURS)
    return wire(server.zone, update(server.zone.name, server.sets(THEIRS), server.sets("203.0.113.7")))


def prerequisite_extra(server: Server) -> str:
    server.publish(OURS, THEIRS)
    return wire(server.zone, update(server.zone.name, server.sets(THEIRS), server.sets("203.0.113.7")))


def identical(server: Server) -> str:
    server.publish(OURS)
    message = dns.update.UpdateMessage(dns.name.from_text(server.zone.name))
    message.replace(dns.name.from_text(server.name), 60, "A", OURS)
    return wire(server.zone, message)


def delete_absent(server: Server) -> str:
    server.publish()
    server.keeper().leave(server.sets(OURS), {})
    return server.published() or "nothing there"


def delete_ours_alone(server: Server) -> str:
    server.publish(OURS, THEIRS)
    server.keeper().leave(server.sets(OURS), {})
    return server.published()


def several(server: Server) -> str:
    server.publish()
    server.keeper().bring({}, server.sets(OURS, THEIRS))
    return server.published()


def every_algorithm(server: Server) -> str:
    names = ("hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
    for name in names:
        server.publish()
        one = replace(server, zone=server.by(name=f"labvpn-{name}", algorithm=name))
        one.keeper().bring({}, server.sets(OURS))
        assert server.published() == f"A {OURS}"
    return ", ".join(names)


def an_alias_there(server: Server) -> str:
    host = f"alias.{server.zone.name}"
    alias = read([f"{host} 60 CNAME elsewhere.example."])
    now = primary.read(server.zone, alias)
    if message := update(server.zone.name, now, alias):
        exchange(server.zone, message)
    return said(lambda: server.keeper().bring({}, read([f"{host} 60 A {OURS}"])))


def silent_for_a_while(server: Server) -> str:
    """Another resumes the server after some seconds; the update was sent while it slept."""
    server.publish()
    asleep: list[bool] = []

    def decide(now: Sets) -> dns.update.UpdateMessage | None:
        if not asleep:
            asleep.append(True)
            _stopped()
        return update(server.zone.name, now, server.sets(OURS))

    primary.change(server.zone, server.sets(OURS), decide, server.messages.append)
    return f"{server.published()} | {' | '.join(server.messages)}"


def silent_for_good(server: Server) -> str:
    _stopped()

    def bring() -> object:
        return primary.change(
            server.zone, [Key(server.name, "A")], lambda _now: None, server.messages.append, patience=3
        )

    return said(bring)


def _stopped() -> None:
    """Wait for the word that the server was stopped."""
    print("now", flush=True)
    sys.stdin.readline()


def main() -> None:
    given = json.loads(sys.stdin.readline())
    zone = Zone(given["zone"], given["server"], 53, Signer("labvpn", "hmac-sha256", given["secret"]))
    socket.setdefaulttimeout(10)
    cases = {**globals(), **vars(dns_refusals), **vars(dns_ipv6)}
    outcomes = {}
    for case in sys.argv[1:]:
        outcomes[case] = cases[case](Server(zone, [])).removesuffix(" | ")
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
