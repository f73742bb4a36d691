"""The machines whose packets are tried: a worker on each, and one tunnel for each user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rehearsal import dial
from rehearsal.dial import Login
from tests.rehearsal import reach_random
from tests.rehearsal.agent_host import SOURCE
from tests.rehearsal.hub_lab import HubHost
from tests.rehearsal.reach_lab import SENDERS, TARGETS, USERS, ReachLab, Worker, declared

WORKER = Path(__file__).with_name("reach_worker.py")


@contextmanager
def running(name: str) -> Iterator[ReachLab]:
    """The machines with SoftEther, firewalld and the users dialled in, and a worker on each."""
    host = HubHost(name)
    host.begin_with_server()
    host.apply(declared())
    _prepare(host)
    with ExitStack() as stack:
        stack.callback(host.stop)
        workers = {each: _worker(stack, host, each) for each in (*TARGETS, "fortigate")}
        _routes(workers)
        lab_ = ReachLab(host, workers, [])
        workers["server"].ask("settle", zones={}, policies={}, source=SOURCE)
        lab_.base = lab_.call("EnumAccess", {"HubName_str": "LAB"})["AccessList"]
        workers["vpn"] = _client(stack, host)
        yield lab_


def _worker(stack: ExitStack, host: HubHost, machine: str, *before: str) -> Worker:
    line = host.line("exec", machine, "--", *before, "python3", "-u", str(WORKER), *map(str, reach_random.PORTS))
    made = Worker(line, host.environment)
    stack.callback(made.end)
    return made


def _prepare(host: HubHost) -> None:
    script = """
        systemctl enable -q --now firewalld
        for attempt in $(seq 60); do firewall-cmd -q --state && break; sleep 0.3; done
        ip address add 192.168.31.1/32 dev lo || true
        p() { firewall-cmd -q --permanent "$@"; }
        p --new-policy=inward; p --policy=inward --add-ingress-zone=ANY; p --policy=inward --add-egress-zone=HOST
        p --policy=inward --set-priority=-10; p --new-policy=outward; p --policy=outward --add-ingress-zone=HOST
        p --policy=outward --add-egress-zone=ANY; p --zone=public --add-interface=eth0
        p --zone=public --add-port=1194/udp
        firewall-cmd -q --reload
    """
    host.output("server", "bash", "-ec", script)


def _routes(workers: dict[str, Worker]) -> None:
    workers["internet"].run("sh", "-ec", _addresses(SENDERS["internet"][1:]))
    workers["campus"].run("sh", "-ec", _addresses(SENDERS["campus"][1:]))
    vips = "; ".join(f"ip address add {vip}/32 dev wan1" for vip in reach_random.VIPS.values())
    workers["fortigate"].run("sh", "-ec", f"ip route add 198.18.0.0/15 via 198.51.100.10; {vips}")


def _addresses(texts: tuple[str, ...]) -> str:
    return "; ".join(f"ip address add {text}/32 dev eth0" for text in texts)


NESTED = """
unshare -n sleep 3600 </dev/null >/dev/null 2>&1 & inner=$!
sleep 0.3
ip link add vc0 type veth peer name eth0 netns $inner
ip link set vc0 up; ip route add 203.0.113.23/32 dev vc0
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.proxy_arp=1 net.ipv4.conf.all.rp_filter=0
inside="nsenter -t $inner -n"
$inside sh -ec 'ip link set lo up; ip address add 203.0.113.23/32 dev eth0; ip link set eth0 up
  ip route add 203.0.113.17 dev eth0; ip route add default via 203.0.113.17 src 203.0.113.23
  sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0'
"""


CERTIFICATE = f"import ssl; print(ssl.get_server_certificate(('{TARGETS['server']}', 443)))"


def _client(stack: ExitStack, host: HubHost) -> Worker:
    """A machine beside the server with one tunnel for each user; the FortiGate is not on its way."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="labvpn-reach-")))
    secrets = host.secrets_of(declared())["users"]
    steps, authority = [NESTED], host.output("server", "python3", "-c", CERTIFICATE) + "\n"
    for place, user in enumerate(USERS):
        mine = folder / user
        mine.mkdir()
        profile = dial.profile_of(
            mine, "workstation", Login(TARGETS["server"], user, secrets[f"LAB/{user}"], authority=authority)
        )
        text = profile.read_text().replace("dev tun\n", f"dev tun{place}\nroute-nopull\n")
        profile.write_text(text)
        steps.append(f"$inside openvpn --config {profile} --daemon --log {mine}/log --writepid {mine}/pid")
        steps.append(f"for n in $(seq 100); do grep -q Initialization {mine}/log 2>/dev/null && break; sleep 0.2; done")
        steps.append(f"grep -q Initialization {mine}/log || {{ cat {mine}/log >&2; exit 1; }}")
    steps.append(f"exec $inside python3 -u {WORKER}")
    made = Worker(
        host.line("exec", "workstation", "--", "bash", "-c", "\n".join(steps)),
        host.environment,
    )
    stack.callback(made.end)
    made.run("true")  # it answers once all have dialled in, which the rules to come would not let them
    return made
