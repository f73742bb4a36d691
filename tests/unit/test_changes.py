"""Differences in an administrator's words."""

from labvpn.parse.host import HostState
from labvpn.plan.host import drifted, planned
from labvpn.state.document import Entry, read, write

ONE = 'user LAB/a realname="A B" MultiLogins=1\n'
FREE = 'user LAB/a realname="A B" MultiLogins=0\n'
OTHER = "user LAB/b MultiLogins=1\n"


def test_a_document_reads_as_it_was_written() -> None:
    entries = (Entry("user", "LAB/a", {"realname": "A B", "note": ""}), Entry("udp", "", {"ports": "1194,5555"}))
    assert read(write(entries)) == entries


def test_a_new_object_is_announced() -> None:
    assert planned(HostState(ONE), ONE + OTHER) == ["+ user LAB/b"]


def test_an_object_that_leaves_the_configuration_is_announced() -> None:
    assert planned(HostState(ONE + OTHER), ONE) == ["- user LAB/b"]


def test_a_changed_setting_is_announced_with_both_values() -> None:
    assert planned(HostState(ONE), FREE) == ["~ user LAB/a: MultiLogins 1 -> 0"]


def test_equal_documents_have_no_change() -> None:
    assert planned(HostState(ONE), ONE) == []


def test_a_change_by_hand_is_distinguished_from_a_declared_one() -> None:
    assert drifted(HostState(FREE, applied=ONE), ONE) == ["user a: MultiLogins is 0 on the server, 1 here"]
    assert drifted(HostState(ONE, applied=ONE), FREE) == []


def test_what_someone_removed_or_added_is_named() -> None:
    assert drifted(HostState("", applied=ONE), ONE) == ["user a is gone from the server"]
    assert drifted(HostState(ONE + OTHER, applied=ONE), ONE) == ["user b was added on the server"]


def test_wireguard_that_is_on_is_named_as_what_it_is() -> None:
    (said,) = drifted(HostState(ONE + "wireguard enabled=yes\n", applied=ONE), ONE)
    assert said == "WireGuard is on, as SoftEther 5.02 has it by default, and the stack switches it off"


def test_a_host_that_was_never_converged_has_not_drifted() -> None:
    assert drifted(HostState(ONE, applied=None), FREE) == []


def test_what_is_repaired_is_not_announced_a_second_time() -> None:
    assert planned(HostState(FREE, applied=ONE), ONE) == []
    assert planned(HostState("", applied=ONE), ONE) == []
    assert planned(HostState(ONE + OTHER, applied=ONE), ONE) == []


def test_a_change_by_hand_to_what_is_declared_now_is_not_drift() -> None:
    assert drifted(HostState(FREE, applied=ONE), FREE) == []


def test_a_hub_that_is_gone_is_one_sentence() -> None:
    assert drifted(HostState("", applied=f"hub LAB online=yes\n{ONE}"), f"hub LAB online=yes\n{ONE}") == [
        "hub LAB is gone from the server"
    ]


def test_entries_of_firewalld_are_named_one_by_one() -> None:
    ours = "service vpn ports=443/tcp,500/udp,992/tcp\n"
    seen = "service vpn ports=443/tcp(now),992/tcp(permanent),8080/tcp,81/tcp(now)\n"
    assert drifted(HostState(seen, applied=ours), ours) == [
        "firewalld: 443/tcp of service vpn is not permanent",
        "firewalld: 500/udp was removed from service vpn",
        "firewalld: 992/tcp of service vpn is not in force before the next reload",
        "firewalld: 8080/tcp was added to service vpn",
        "firewalld: 81/tcp was added to service vpn until its next reload",
    ]


def test_a_secret_that_was_changed_is_named_without_its_value() -> None:
    ours, seen = "administrator password=current\n", "administrator password=differs\n"
    assert drifted(HostState(seen, applied=ours), ours) == [
        "SoftEther's administrator: the password on the server differs from the configuration"
    ]


def test_a_policy_that_was_never_declared_was_set_by_hand_and_one_declared_now_is_planned() -> None:
    watched = ONE.replace("\n", " MonitorPort=yes\n")
    assert drifted(HostState(watched, applied=ONE), ONE) == ["user a: MonitorPort is yes on the server, unset here"]
    assert planned(HostState(watched, applied=ONE), ONE) == []
    assert drifted(HostState(ONE + "", applied=ONE), watched) == []
    assert planned(HostState(ONE.replace("\n", " MonitorPort=no\n"), applied=ONE), watched) == [
        "~ user LAB/a: MonitorPort no -> yes"
    ]


def test_a_service_that_is_gone_is_one_sentence_and_not_one_more_for_each_zone() -> None:
    whole = "service vpn ports=443/tcp\nzone public services=vpn\nzone work services=vpn\n"
    reported = "zone public services=none\nzone work services=none\n"
    assert drifted(HostState(reported, applied=whole), whole) == ["firewalld: service vpn is gone from the server"]


def test_a_wildcard_user_that_was_added_or_removed_by_hand_is_named_with_its_hub() -> None:
    line = 'user LAB/* radius="" MultiLogins=1\n'
    who = "user * (everyone whom RADIUS knows) of LAB"
    assert drifted(HostState(ONE, applied=ONE + line), ONE + line) == [f"{who} is gone from the server"]
    assert drifted(HostState(ONE + line, applied=ONE), ONE) == [f"{who} was added on the server"]


def test_a_login_guard_that_cannot_ban_is_drift_in_words() -> None:
    wanted, now = "bans slow=5 active=yes\n", "bans slow=5 active=hindered\n"
    (sentence,) = drifted(HostState(now, wanted), wanted)
    assert sentence == "login guard runs, but cannot ban everyone; labvpn status says why"


def test_what_an_older_stack_does_not_have_is_planned_and_not_called_a_change_by_hand() -> None:
    old = (
        "securenat LAB enabled=yes lease=7200\nuser LAB/guest1 password=current MultiLogins=1\n"
        "access LAB/labvpn:dhcp priority=300001 action=pass protocol=udp port=67\n"
    )
    new = (
        "securenat LAB enabled=yes lease=1800\n"
        "user LAB/guest1 password=current CheckMac=yes MaxMac=1 MultiLogins=1 PrivacyFilter=yes\n"
        "access LAB/labvpn:administrator priority=50000 action=discard user=administrator\n"
        "access LAB/labvpn:dhcp priority=300001 action=pass protocol=udp to=255.255.255.255/32 port=67\n"
    )
    reported = old.replace("MultiLogins=1", "CheckMac=no MaxMac=0 MultiLogins=1 PrivacyFilter=no")
    observed = HostState(reported.replace("protocol=udp port", "protocol=udp to=none port"), old)
    assert drifted(observed, new) == []
    assert planned(observed, new) == [
        "~ securenat LAB: lease 7200 -> 1800",
        "~ user LAB/guest1: CheckMac no -> yes, MaxMac 0 -> 1, PrivacyFilter no -> yes",
        "+ access LAB/labvpn:administrator",
        "~ access LAB/labvpn:dhcp: to none -> 255.255.255.255/32",
    ]
