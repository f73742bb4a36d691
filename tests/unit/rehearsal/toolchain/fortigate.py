"""A FortiGate in memory, and the transcripts that were recorded with the real plugin against it."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

from tests.unit.rehearsal.toolchain.serving import Refused, urn

_UUID = "7b8f8b2c-0000-51ef-0000-000000000000"
_FRESH: dict[str, dict[str, Any]] = {
    "firewall.service/custom": {"uuid": _UUID, "protocol": "TCP/UDP/SCTP", "tcp-portrange": "", "udp-portrange": "",
                                "icmptype": "", "session-ttl": "0", "comment": "", "color": 0},
    "firewall/address": {"uuid": _UUID, "type": "ipmask", "subnet": "0.0.0.0 0.0.0.0", "country": "", "comment": ""},
    "firewall/addrgrp": {"uuid": _UUID, "type": "default", "comment": "", "exclude-member": []},
    "firewall/policy": {"uuid": _UUID, "status": "enable", "name": "", "action": "deny", "comments": "", "groups": [],
                        "nat": "disable", "logtraffic": "utm", "session-ttl": "0"},
}  # fmt: skip
_KEYS = {"firewall/policy": "policyid"}
TOKENS = {
    "service": "fortios:firewall/service/custom:Custom",
    "address": "fortios:firewall/address:Address",
    "group": "fortios:firewall/addrgrp:Addrgrp",
    "policy": "fortios:firewall/policy:Policy",
    "move": "fortios:firewall/policyMove:PolicyMove",
}
_ANSWERED = ("policyid", "statePolicySrcdstPos", "udpPortrange", "vdomparam")


class Box:
    """Answers as FortiOS 7.4.3 does and remembers what it was asked, without the token."""

    def __init__(self, mark: str = "1") -> None:
        self.mark, self.token = mark, "t0ken"
        self.asked: list[str] = []
        self.tables: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in _FRESH}
        self.broken = False

    def transport(self) -> httpx.MockTransport:
        """Return what makes an httpx client ask this box."""
        return httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        content = self.answer(request.method, str(request.url.raw_path, "ascii"), request.content.decode())
        return httpx.Response(200, json=content, headers={"X-Labvpn-Rehearsal": self.mark} if self.mark else {})

    def answer(self, method: str, target: str, text: str) -> dict[str, Any]:
        """Return the body of the reply; the status line does not count."""
        url = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        body = json.dumps(_canonical(json.loads(text))) if text else ""
        self.asked.append(f"{method} {target} {body}".replace(f"access_token={self.token}", "TOKEN").strip())
        if url.path.startswith("/api/v2/monitor/"):
            return {"status": "success"}
        if query.get("access_token") != self.token:
            return {"status": "error", "http_status": 401}
        if url.path == "/api/v2/cmdb/system/global":
            return {"status": "success", "version": "v7.4.3"}
        path = unquote(url.path.removeprefix("/api/v2/cmdb/"))
        table = next(name for name in _FRESH if f"{path}/".startswith(f"{name}/"))
        return self._entry(method, table, path.removeprefix(table).strip("/"), query, json.loads(text or "{}"))

    def _entry(self, method: str, table: str, key: str, query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        rows, mkey = self.tables[table], _KEYS.get(table, "name")
        if method == "POST":
            return self._add(rows, mkey, _FRESH[table] | body)
        if not key:
            return {"status": "success", "results": [{mkey: row[mkey]} for row in rows.values()]}
        if not {key, query.get("before", key), query.get("after", key)} <= rows.keys() or (
            self.broken and method == "GET"
        ):
            return {"status": "error", "http_status": 500 if key in rows else 404}
        if method == "GET":
            return {"status": "success", "results": [rows[key]]}
        if method == "DELETE":
            del rows[key]
        elif query.get("action") == "move":
            _move(rows, key, query)
        else:
            rows[key] = rows[key] | {name: "" if value is None else value for name, value in body.items()}
        return {"status": "success", "mkey": rows.get(key, {}).get(mkey, key)}

    def _add(self, rows: dict[str, dict[str, Any]], mkey: str, row: dict[str, Any]) -> dict[str, Any]:
        if mkey == "policyid":
            row[mkey] = len(rows) + 1
        if str(row[mkey]) in rows:
            return {"status": "error", "http_status": 500, "error": -5, "cli_error": "the entry exists"}
        rows[str(row[mkey])] = row
        return {"status": "success", "http_status": 200, "mkey": row[mkey]}


def _canonical(value: Any) -> Any:
    """Order what has no order: a table inside an object is a set."""
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value)}
    return sorted(value, key=str) if isinstance(value, list) else value


def _move(rows: dict[str, dict[str, Any]], key: str, query: dict[str, str]) -> None:
    order = [name for name in rows if name != key]
    target = query.get("before") or query["after"]
    order.insert(order.index(target) + ("after" in query), key)
    items = [(name, rows[name]) for name in order]
    rows.clear()
    rows.update(items)


Ask = Callable[..., dict[str, Any]]


def transcribe(ask: Ask, box: Box, text: str) -> str:
    """Do again what a transcript says was done, and return the transcript of that.

    Lines that do: `== KIND NAME` (a new resource), `create|change|delete|read|import|hand ARGUMENTS`. Lines that were
    observed: `>` what the box was asked, `~` which properties differ, `=` outputs, `!` the refusal.
    """
    state: dict[str, Any] = {}
    return "\n".join(line for done in _doing(text) for line in _step(ask, box, done, state)) + "\n"


def _doing(text: str) -> list[str]:
    return [line for line in text.splitlines() if (line and line[0] not in ">~=!") or line.startswith("==")]


def _step(ask: Ask, box: Box, line: str, state: dict[str, Any]) -> Iterator[str]:
    yield line
    word, _, rest = line.partition(" ")
    if word == "==":
        kind, name = rest.split()
        state.clear()
        state |= {"urn": urn(TOKENS[kind], name), "inputs": {}, "outputs": {}}
    elif word == "hand":
        _by_hand(box, rest)
    elif word != "#":
        box.asked.clear()
        try:
            yield from _operate(ask, word, json.loads(rest or "{}"), state)
        except Refused as refused:
            yield f"! {' '.join(str(refused).split())}"
        yield from (f"> {asked}" for asked in box.asked if "/system/" not in asked)


def _by_hand(box: Box, text: str) -> None:
    table, key, change = (unquote(word) for word in text.split(" ", 2))
    if change == "gone":
        del box.tables[table][key]
    elif change == "last":
        box.tables[table][key] = box.tables[table].pop(key)
    else:
        box.tables[table][key] |= json.loads(change)


def _operate(ask: Ask, word: str, news: dict[str, Any], state: dict[str, Any]) -> Iterator[str]:
    known = {"urn": state["urn"]}
    if word in ("create", "change"):
        checked = ask("Check", **known, news=news, olds=state["inputs"])
        if failures := checked.get("failures"):
            yield from sorted(f"! {failure['reason'].split()[-1]}" for failure in failures)
            return
        yield from _apply(ask, word, checked["inputs"], state)
        return
    if word == "delete":
        ask("Delete", **known, id=state["id"], properties=state["outputs"])
        return
    recorded = {} if word == "import" else {"properties": state["outputs"], "inputs": state["inputs"]}
    found = ask("Read", **known, id=state["id"], **recorded)
    if not found:
        yield "= gone"
        return
    state["outputs"] = found["properties"]
    yield _answered(found["properties"], found["inputs"])
    yield from _differing(ask, state, state["inputs"])


def _apply(ask: Ask, word: str, inputs: dict[str, Any], state: dict[str, Any]) -> Iterator[str]:
    known = {"urn": state["urn"]}
    if word == "create":
        answer = ask("Create", **known, properties=inputs)
        state["id"] = answer["id"]
    else:
        yield from _differing(ask, state, inputs)
        answer = ask("Update", **known, id=state["id"], olds=state["outputs"], old_inputs=state["inputs"], news=inputs)
    state |= {"inputs": inputs, "outputs": answer["properties"]}
    yield _answered(answer["properties"], inputs)


def _differing(ask: Ask, state: dict[str, Any], news: dict[str, Any]) -> Iterator[str]:
    answer = ask("Diff", urn=state["urn"], id=state["id"], olds=state["outputs"], old_inputs=state["inputs"], news=news)
    if answer.get("changes") == "DIFF_SOME":
        yield f"~ {' '.join(sorted(answer['diffs']))}"


def _answered(outputs: dict[str, Any], inputs: dict[str, Any]) -> str:
    hidden = ("getAllTables", "dynamicSortSubtable")
    kept = {key: value for key, value in outputs.items() if key in (*inputs, *_ANSWERED, "id") and key not in hidden}
    return f"= {json.dumps(_canonical(kept))}"
