"""What the agent keeps on the host, damaged in every way: named, learned again where it can be, and in nobody's way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.rehearsal.agent_host import AGENT, AgentHost

HOME = "/var/lib/labvpn"
LEARNED_AGAIN = (
    "held.json",
    "barred.json",
    "reaper.json",
    "bans.json",
    "crashes.json",
    "hub.applied",
    "server.applied",
)
"""What a run writes anew, or a service by itself."""

LOST = ("host.before.json", "hub.before.json", "firewall.before.json", "host.packages.json")
"""What was before the stack, which nobody can know again."""

DAMAGES = {
    "emptied": ": >{file}",
    "truncated": "head -c 30 {file} >{file}.x; mv {file}.x {file}",
    "garbage": "head -c 300 /dev/urandom >{file}",
    "another version": """printf '{{"version": 99, "value": {{}}}}' >{file}""",
    "a folder": "rm -f {file}; mkdir {file}; touch {file}/theirs",
    "a link": "rm -f {file}; ln -s /etc/hostname {file}",
}


@pytest.fixture(scope="module")
def host() -> Iterator[AgentHost]:
    """A host to which every concern was converged."""
    host = AgentHost("state")
    host.begin()
    host.converge_all()
    yield host
    host.stop()


def shell(host: AgentHost, text: str) -> str:
    return host.output("server", "sh", "-c", text)


def apply(host: AgentHost) -> None:
    """What a run does: look, and converge what differs or whose memory is damaged."""
    seen, desired = host.observe(), host.documents()
    assert [one["refusals"] for one in seen.values() if one["refusals"]] == []
    for concern, one in seen.items():
        if one["observed"] != desired[concern] or one["memory"]:
            host.converge(concern)
    host.confirm()


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_stop_nothing_and_are_whole_after_the_next_run(host: AgentHost, damage: str) -> None:
    for name in LEARNED_AGAIN:
        shell(host, DAMAGES[damage].format(file=f"{HOME}/{name}"))
    warned = " ".join(word for one in host.observe().values() for word in [*one["warnings"], *one["memory"]])
    assert f"{HOME}/hub.applied" in warned
    assert f"{HOME}/server.applied" in warned
    assert json.loads(host.agent("status"))["sessions"] == []
    apply(host)
    assert host.drift() == {}
    assert [one["memory"] for one in host.observe().values() if one["memory"]] == []
    assert host.output("server", "systemctl", "is-active", "labvpn-reaper", "labvpn-bans") == "active\nactive"
    assert shell(host, "cat /etc/hostname") != ""
    kept = shell(host, f"ls -d {HOME}/*.found-*/theirs 2>/dev/null || true")
    assert bool(kept) is (damage == "a folder")
    shell(host, f"rm -rf {HOME}/*.found-*")


@pytest.mark.parametrize("name", LOST)
def test_without_the_memory_of_what_was_before_the_run_is_refused_and_nothing_is_changed(
    host: AgentHost, name: str
) -> None:
    file = f"{HOME}/{name}"
    shell(host, f"cp -a {file} {file}.kept")
    for damage in ("emptied", "truncated", "a folder"):
        shell(host, DAMAGES[damage].format(file=file))
        refused = [refusal for one in host.observe().values() for refusal in one["refusals"]]
        assert [file in what and "move it away" in remedy for what, remedy in refused] == [True]
        if ".before." in name:
            concern = name.partition(".")[0]
            done = host.ssh(f"{AGENT} remove {concern}", host.request(concern))
            assert done.returncode != 0
            assert file in done.stderr
        shell(host, f"rm -rf {file} && cp -a {file}.kept {file}")
    shell(host, f"rm {file}.kept")
    assert host.drift() == {}


@pytest.mark.parametrize("change", ["chmod 0644", "chmod 0777", "chown nobody", "sed -i 1a#"])
def test_an_agent_of_another_mode_owner_or_text_is_drift(host: AgentHost, change: str) -> None:
    shell(host, f"{change} {AGENT}")
    assert set(host.drift()) == {"host"}
    host.install()
    shell(host, f"chown root {AGENT}")
    assert host.drift() == {}


@pytest.mark.parametrize(
    "change", ["chmod -R a+rX /var/lib/labvpn", "chown nobody /var/lib/labvpn", "chmod 0777 /usr/local/lib/labvpn"]
)
def test_a_folder_of_the_agents_that_is_open_to_others_is_drift_and_the_next_run_closes_it(
    host: AgentHost, change: str
) -> None:
    shell(host, change)
    assert set(host.drift()) == {"host"}
    host.converge("host")
    assert host.drift() == {}
