"""The challenge's TXT record (RFC 8555, section 8.4): put into the zone by signed update, and never left there.

The record is where the name's alias leads: a campus may delegate `_acme-challenge.NAME` alone, by a CNAME. Only the
value that is ours is added and deleted, since several servers of one name may be at it at the same time.
"""

import re
import time
from typing import Any, Dict, List, Optional

from labvpn.agent.acme.orders import Orders
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine, last_words
from labvpn.agent.core.paths import ACME_KEY, ACME_RECORDS, ACME_UPDATE
from labvpn.agent.core.state_file import StateFile, is_object

LABEL = "_acme-challenge"
ALIASES = 8
"""How many aliases are followed, as many as resolvers do."""

TTL = 10
UPDATE_SECONDS = 20
ANSWERED = re.compile(r"status: (NOERROR|NXDOMAIN)\b")
ASK = ["dig", "+time=3", "+tries=2"]


def are_records(value: Any) -> bool:
    """Whether a value is what the file of the records holds."""
    records = value.get("records", []) if is_object(value) else None
    fields = ("name", "zone", "primary", "proof")
    return isinstance(records, list) and all(
        is_object(one) and all(isinstance(one.get(field), str) for field in fields) for one in records
    )


class Challenge:
    """The records of the challenges that are in the zone now, by the file that names them."""

    def __init__(self, machine: Machine, orders: Orders) -> None:
        self.machine = machine
        self.orders = orders
        remedy = "delete it, and the TXT records below {} by hand".format(LABEL)
        self.file = StateFile(machine, ACME_RECORDS, remedy, are_records)

    def answer(self, action: str, name: str, proof: str) -> None:
        """What the client asks its hook: `deploy_challenge` or `clean_challenge`. AgentError ends the client's run."""
        if action != "deploy_challenge":
            self.tidy(proof)
            return
        self.note("")
        try:
            self.begin(name, proof)
        except AgentError as error:
            self.note(str(error))
            raise

    def begin(self, name: str, proof: str) -> None:
        """Put the proof where the authority will look for it, and wait until it can be seen there."""
        place = self.target("{}.{}".format(LABEL, name))
        zone, primary = self.zone_of(place)
        record = {"name": place, "zone": zone, "primary": primary, "proof": proof}
        self.keep([*self.records(), record])
        self.update("add {}. {} TXT".format(place, TTL), record)
        self.await_visible(record)

    def target(self, name: str) -> str:
        """Where the aliases of a name lead."""
        for _ in range(ALIASES):
            found = self.ask(["+short", name, "CNAME"])
            if not found:
                break
            name = found[0].rstrip(".")
        return name

    def zone_of(self, name: str) -> List[str]:
        """The zone that a name is in and its primary: as ordered, else by the zone's SOA record."""
        zone, primary = self.orders["zone"], self.orders["primary"]
        if not zone or not primary:
            lines = [line.split() for line in self.ask(["+noall", "+answer", "+authority", name, "SOA"])]
            found = [words for words in lines if len(words) > 4 and words[3] == "SOA"]
            if not found:
                raise AgentError(
                    "the zone of {} cannot be found by the VPN host's resolver: set it as certificate.acme.zone, "
                    "with its primary as certificate.acme.server".format(name)
                )
            zone, primary = zone or found[0][0], primary or found[0][4]
        return [zone.rstrip("."), primary.rstrip(".")]

    def ask(self, words: List[str]) -> List[str]:
        """The lines of an answer, none where there is none."""
        output = self.machine.run([*ASK, *words], 60).output
        return [line for line in output.splitlines() if line.strip() and not line.startswith(";")]

    def update(self, what: str, record: Dict[str, str]) -> None:
        """Have the zone's primary change the record, signed by the challenge's own key."""
        lines = [
            "server {} {}".format(record["primary"], self.orders["port"] or "53"),
            "zone {}.".format(record["zone"]),
            'update {} "{}"'.format(what, record["proof"]),
            "send\n",
        ]
        self.machine.write(ACME_UPDATE, "\n".join(lines), 0o600)
        command = ["nsupdate", "-v", "-t", str(UPDATE_SECONDS), "-k", str(self.machine.path(ACME_KEY))]
        outcome = self.machine.run([*command, str(self.machine.path(ACME_UPDATE))], 2 * UPDATE_SECONDS)
        self.machine.delete(ACME_UPDATE)
        if outcome.status != 0:
            raise AgentError(
                "the name server {} did not change {} ({}): check that it knows the key {} and lets it change "
                "this name's TXT record".format(
                    record["primary"], record["name"], last_words(outcome), self.orders["keyname"]
                )
            )

    def await_visible(self, record: Dict[str, str]) -> None:
        """Wait until every server of the zone shows the proof; then the authority is let look in any case."""
        end = time.monotonic() + float(self.orders["wait"] or 0)
        left = ["@" + name for name in self.ask(["+short", record["zone"], "NS"])]
        while left:
            left = [one for one in left if record["proof"] not in self.values_at(one, record["name"])]
            if time.monotonic() > end:
                return
            if left:
                time.sleep(1)

    def values_at(self, server: str, name: str) -> str:
        """The TXT records of a name at one server."""
        return "\n".join(self.ask([server, "+short", "+norecurse", name, "TXT"]))

    def tidy(self, proof: str = "") -> None:
        """Take the record of this proof away, or every one; one that cannot be is tried again by every later run."""
        trouble: Optional[AgentError] = None
        for record in [one for one in self.records() if proof in ("", one["proof"])]:
            try:
                self.update("delete {}. TXT".format(record["name"]), record)
            except AgentError as error:
                if not self.is_absent(record):
                    trouble = error
                    continue
            self.keep([one for one in self.records() if one != record])
        if trouble is not None:
            raise trouble

    def is_absent(self, record: Dict[str, str]) -> bool:
        """Whether the primary itself says that the zone has no such record: what it refused to add, for one."""
        server = ["@" + record["primary"], "-p", self.orders["port"] or "53"]
        command = [*ASK, *server, "+norecurse", "+noall", "+comments", "+answer", record["name"], "TXT"]
        output = self.machine.run(command, 60).output
        return bool(ANSWERED.search(output)) and record["proof"] not in output

    def known(self) -> Dict[str, Any]:
        """What the file holds."""
        return dict(self.file.read() or {})

    def records(self) -> List[Dict[str, str]]:
        """The records that are in the zone, or about to be."""
        return list(self.known().get("records", []))

    def keep(self, records: List[Dict[str, str]]) -> None:
        """Write down which records there are."""
        self.file.write(dict(self.known(), records=records))

    def note(self, trouble: str) -> None:
        """Write down why a challenge could not be met, which the client does not hand on."""
        self.file.write(dict(self.known(), trouble=trouble))
