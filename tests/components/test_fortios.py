"""Both packages of Fortinet's provider register the same objects; what is peculiar to each, and which one is taken."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components import fortigate_provider as choice
from components.firewall import FortiGate, FortiGateArgs
from components.fortios_pulumiverse import MODULE, Pulumiverse
from components.fortios_types import Kind, Package, camel, plural
from components.fortios_upstream import Upstream, parameter
from labvpn.model.fortios_provider import Provider
from labvpn.parse.fortigate.tables import FortiGateSnapshot
from labvpn.state.fortigate import COMMENT
from tests.components.engine import Recorder, plain, run
from tests.unit.boxes import box, policy
from tests.unit.samples import FULL, credentials, lab

BOTH: tuple[Package, ...] = (Upstream(), Pulumiverse())
CLOSED = {"from": ["campus"], "before": "campus-any", "hosts": {"workstation": "203.0.113.21"}}


def build(provider: Provider, made: list[tuple[str, dict[str, Any]]] | None = None, **fortigate: Any) -> Recorder:
    declared = lab(fortigate={**FULL["fortigate"], "provider": provider, **fortigate})
    snapshot = FortiGateSnapshot(replace(box(*(made or [])), version="v7.4.4"))

    def program() -> None:
        FortiGate("fortigate", FortiGateArgs.of(declared, credentials(), snapshot))

    return run(program)


def objects(seen: Recorder, package: Package) -> dict[str, dict[str, Any]]:
    """What is registered of the package, without what only it gives."""
    own = {camel(key) for key in package.always} | {"token", "cabundlecontent"}
    return {
        f"{package_kind(args.typ, package)} {args.name}": {
            key: plain(value) for key, value in args.inputs.items() if key not in own
        }
        for args in seen.resources
        if args.typ.startswith((f"{package.name}:", f"pulumi:providers:{package.name}"))
    }


def package_kind(token: str, package: Package) -> str:
    return next((kind for kind, name in package.tokens.items() if name == token), "provider")


def test_both_packages_are_given_the_same_objects_with_the_same_properties() -> None:
    upstream, older = (
        objects(build(provider, behindVpn=CLOSED, vip={"mapped": "10.0.0.2"}), package)
        for provider, package in zip(Provider, BOTH, strict=True)
    )
    assert upstream == older
    assert {name.partition(" ")[0] for name in upstream} == {"provider", *map(str, set(Kind) - {Kind.GROUP})}
    assert upstream["firewallPolicy fortigate-allow"]["srcintfs"] == [{"name": "wan1"}]


@pytest.mark.parametrize("provider", Provider)
def test_the_token_is_a_secret_and_the_certificate_is_verified(provider: Provider) -> None:
    (made,) = build(provider).of_type("pulumi:providers:fort")
    assert plain(made.inputs["insecure"]) == "false"
    assert "4dabf18193072939515e22adb298388d" in made.inputs["token"]


@pytest.mark.parametrize("provider", Provider)
def test_a_vip_that_was_switched_off_by_hand_is_told_to_be_one_again(provider: Provider) -> None:
    row = {"name": "vpn-vip", "extintf": "wan1", "extip": "203.0.113.20", "mappedip": [{"range": "10.0.0.2"}]}
    off = {**row, "comment": COMMENT, "status": "disable"}
    seen = build(provider, [("firewall/vip", off)], vip={"mapped": "10.0.0.2"})
    made = objects(seen, BOTH[list(Provider).index(provider)])
    assert made["firewallVip fortigate-vip"]["status"] == "enable"


@pytest.mark.parametrize("package", BOTH)
def test_every_type_has_a_token_of_the_package(package: Package) -> None:
    assert set(package.tokens) == set(Kind)
    assert all(token.startswith(f"{package.name}:") for token in package.tokens.values())
    assert all("policyid_src" not in (package.settable(kind) or ()) for kind in set(Kind) - {Kind.MOVE})


def test_the_tokens_are_those_that_the_bridge_makes() -> None:
    assert Upstream.tokens[Kind.POLICY] == "fortigate:index/firewallPolicy:FirewallPolicy"
    assert Upstream.tokens[Kind.SERVICE] == "fortigate:index/firewallserviceCustom:FirewallserviceCustom"
    assert Upstream.tokens[Kind.MOVE] == "fortigate:index/firewallPolicyMove:FirewallPolicyMove"


def test_the_bridge_is_told_the_provider_its_version_and_the_types_alone() -> None:
    given = json.loads(base64.b64decode(parameter()))
    assert given["remote"] == {"url": "registry.opentofu.org/fortinetdev/fortios", "version": "1.25.0"}
    assert given["providerName"] == "fortigate"
    assert len(given["includes"]) == len(Kind)


def test_an_import_updates_nothing_since_two_properties_are_given_as_empty() -> None:
    seen = build(Provider.UPSTREAM)
    given = {args.name: args.inputs for args in seen.of_type("fortigate:index")}
    assert given["fortigate-allow"]["dynamicSortSubtable"] == given["fortigate-allow"]["getAllTables"] == ""
    assert "getAllTables" not in given["fortigate-allow-place"]
    assert not any("getAllTables" in args.inputs for args in build(Provider.PULUMIVERSE).of_type("fortios:firewall"))


def test_a_time_to_live_that_nobody_set_is_no_difference_and_one_that_somebody_set_is() -> None:
    package = Upstream()
    assert package.unchanged(Kind.POLICY, ()) == package.unchanged(Kind.SERVICE, ()) == ["sessionTtl"]
    assert package.unchanged(Kind.POLICY, {"session-ttl"}) == package.unchanged(Kind.ADDRESS, ()) == []


@pytest.mark.parametrize(
    ("key", "value", "list_"),
    [
        ("internet-service6-name", "internetService6Name", "internetService6Names"),
        ("app-category", "appCategory", "appCategories"),
        ("vendor-key", "vendorKey", "vendorKeys"),
        ("match-prefix", "matchPrefix", "matchPrefixes"),
        ("src-address", "srcAddress", "srcAddresses"),
        ("link-status", "linkStatus", "linkStatuses"),
        ("users", "users", "users"),
    ],
)
def test_a_key_of_fortios_is_a_property_as_both_packages_name_it(key: str, value: str, list_: str) -> None:
    assert (camel(key), plural(camel(key))) == (value, list_)


def test_a_group_comes_after_its_members_and_a_policy_after_the_group_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    after: dict[str, set[str]] = {}
    init = pulumi.CustomResource.__init__

    def noting(self: Any, kind: str, name: str, props: Any = None, opts: Any = None, *rest: Any, **more: Any) -> None:
        named = opts.depends_on if opts and isinstance(opts.depends_on, list) else []
        after[name] = {one._name for one in named}
        init(self, kind, name, props, opts, *rest, **more)

    monkeypatch.setattr(pulumi.CustomResource, "__init__", noting)
    build(Provider.UPSTREAM, sources=["192.0.2.1", "198.51.100.0/24", "JP"])
    members = {f"fortigate-from-{one}" for one in ("192.0.2.1", "198.51.100.0-24", "JP")}
    assert after["fortigate-sources"] == members
    for name in ("fortigate-allow", "fortigate-policies-before"):
        assert {"fortigate-sources", "fortigate-server", "fortigate-tcp"} <= after[name]
        assert not members & after[name]


def settings(provider: Provider | None) -> Any:
    declared = lab(fortigate={**FULL["fortigate"], **({"provider": provider} if provider else {})}).fortigate
    assert declared is not None
    return declared


@pytest.mark.parametrize(
    ("wanted", "held", "taken"),
    [
        (None, set(), Provider.UPSTREAM),
        (None, {Provider.PULUMIVERSE}, Provider.PULUMIVERSE),
        (Provider.PULUMIVERSE, set(), Provider.PULUMIVERSE),
        (Provider.UPSTREAM, {Provider.UPSTREAM}, Provider.UPSTREAM),
    ],
)
def test_what_is_configured_counts_then_what_the_state_has_then_upstream(
    wanted: Provider | None, held: set[Provider], taken: Provider
) -> None:
    assert choice.chosen(settings(wanted), held) is taken


@pytest.mark.parametrize("wanted", Provider)
def test_a_state_of_the_other_package_is_refused_with_the_command_that_moves(wanted: Provider) -> None:
    (other,) = set(Provider) - {wanted}
    with pytest.raises(pulumi.RunError, match=f"run `labvpn fortigate-provider {wanted}`, which moves them over"):
        choice.chosen(settings(wanted), {other})


def test_a_state_of_both_packages_is_refused_whatever_is_configured() -> None:
    with pytest.raises(pulumi.RunError, match="restore the copy of the state"):
        choice.chosen(settings(None), set(Provider))


def test_the_packages_of_a_state_are_told_by_its_types() -> None:
    kinds = {"a": "pulumi:providers:fortios", "b": "labvpn:index:FortiGate", "c": "pulumi-python:dynamic:Resource"}
    assert choice.used({name: {"type": kind} for name, kind in kinds.items()}) == {Provider.PULUMIVERSE}
    assert choice.used({"a": {"type": Upstream.tokens[Kind.POLICY]}}) == {Provider.UPSTREAM}
    assert choice.used({}) == set()


def test_without_the_extra_the_older_package_is_refused_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.fortios_pulumiverse.find_spec", lambda _name: None)
    with pytest.raises(pulumi.RunError, match=r"pip install 'labvpn\[pulumiverse\]'"):
        choice.package(Provider.PULUMIVERSE)


def test_nothing_of_the_older_package_is_imported_by_either() -> None:
    lines = (
        "from components import firewall, fortigate_provider as choice",
        "from labvpn.model.fortios_provider import *",
    )
    show = f"[choice.package(one) for one in Provider]; import sys; print({MODULE!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", "\n".join([*lines, show])], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("False", 0), done.stderr


def test_the_older_package_takes_the_properties_of_its_own_types_alone() -> None:
    taken = Pulumiverse().settable(Kind.POLICY)
    assert taken is not None
    assert ("srcaddr_negate" in taken, "port_random" in taken) == (True, False)
    assert Upstream().settable(Kind.POLICY) is None


def test_an_allow_never_goes_below_a_deny_that_is_there_already() -> None:
    there = [policy("vpn-dial", "campus", "dmz", "accept"), policy("vpn-only", "campus", "dmz", "deny")]
    ours = [(path, {**fields, "comments": COMMENT}) for path, fields in there]
    for made, target in (([], 1), (ours, 6)):
        lift = build(Provider.UPSTREAM, made, behindVpn=CLOSED).named("fortigate-dial-lift")
        assert plain(lift.inputs["policyidDst"]) == target
