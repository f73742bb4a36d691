"""Work on one machine, to which it is sent as text, with its request on stdin; only the standard library.

The request is
`{"steps": [[KIND, ...], ...], "password": ..., "token": ...}`; the answer is a list with one value per step.
"""

import http.client
import json
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

BOX = "203.0.113.129"
READY_SECONDS = 60


def main() -> None:
    """Do the steps in order; the first failure ends the run."""
    ask = json.load(sys.stdin)
    kinds: dict[str, Callable[..., Any]] = {
        "call": call,
        "unrule": unrule,
        "shell": shell,
        "ready": ready,
        "rest": rest,
        "nsupdate": nsupdate,
    }
    answers = []
    for kind, *words in ask["steps"]:
        try:
            answers.append(kinds[kind](ask, *words))
        except Exception as error:
            sys.exit(f"{kind} {words[:3]}: {error!r}")
    print(json.dumps(answers))


def https(host: str, port: int, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
    """One exchange; the answer's JSON."""
    line = http.client.HTTPSConnection(host, port, timeout=60, context=ssl._create_unverified_context())  # noqa: S323
    line.request(method, path, None if body is None else json.dumps(body), headers)
    return json.loads(line.getresponse().read() or b"{}")


def call(ask: Any, method: str, params: dict[str, Any], onto: str) -> Any:
    """A call of the SoftEther server, its parameters overriding the answer of another; None removes one."""
    given = dict(call(ask, onto, params, "") if onto else {}, **params)
    kept = {key: value for key, value in given.items() if value is not None}
    asked = {"jsonrpc": "2.0", "id": "1", "method": method, "params": kept}
    answer = https("127.0.0.1", 5555, "POST", "/api/", asked, {"X-VPNADMIN-PASSWORD": ask["password"]})
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer["result"]


def unrule(ask: Any, hub: str, memo: str) -> None:
    """Delete the rule of an access list that has this memo."""
    rules = call(ask, "EnumAccess", {"HubName_str": hub}, "")["AccessList"]
    (number,) = [rule["Id_u32"] for rule in rules if rule["Note_utf"] == memo]
    call(ask, "DeleteAccess", {"HubName_str": hub, "Id_u32": number}, "")


def shell(_ask: Any, text: str) -> str:
    """Run lines of shell and stop at the first failure."""
    done = subprocess.run(["sh", "-ec", text], capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stderr.strip() or done.returncode)
    return done.stdout


def ready(ask: Any) -> None:
    """Wait until SoftEther answers its administrator again."""
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            call(ask, "GetServerInfo", {}, "")
        except (OSError, ValueError, http.client.HTTPException):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


def rest(ask: Any, method: str, path: str, body: Any, query: str) -> Any:
    """A request to the FortiGate; in it `{NAME}` is a policy's number, `{service NAME}` the name that a service has."""

    def number(found: "re.Match[str]") -> str:
        if found[1].startswith("service "):
            name = found[1].partition(" ")[2]
            there = {one["name"] for one in rest(ask, "GET", "firewall.service/custom", None, "")}
            return name if name in there else f"{name}-2"
        policies = rest(ask, "GET", "firewall/policy", None, "")
        return str(next(one["policyid"] for one in policies if one["name"] == found[1]))

    words = re.sub(r"\{(.*?)\}", number, f"{path}?vdom=root{query}")
    headers = {"Authorization": f"Bearer {ask['token']}", "Content-Type": "application/json"}
    answer = https(BOX, 443, method, f"/api/v2/cmdb/{words}", body, headers)
    if answer.get("status") != "success":
        raise ValueError(answer)
    return answer.get("results") or []


def nsupdate(_ask: Any, text: str) -> None:
    """A signed update of a zone."""
    subprocess.run(["nsupdate", "-v"], input=text, text=True, check=True, capture_output=True)


if __name__ == "__main__":
    main()
