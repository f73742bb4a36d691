"""A dial in English."""

from labvpn.diagnose.event import Cause
from labvpn.diagnose.words import Advice
from labvpn.dial.outcome import AnyCause, DialCause
from labvpn.dial.words import DialWords

FINDINGS = {
    "no-name": "{host} has no IPv4 address here",
    "no-network": "this machine has no way there: {reason}",
    "no-first": "the first message to UDP {port} was sent up to {tries} times and not answered",
    "no-third": "the first message to UDP {port} was answered, the third was sent up to {tries} times and was not",
    "no-4500": "UDP {port} was answered, and up to {tries} messages to UDP {nat} were not",
    "odd-4500": "UDP {nat} is open: it was answered, by what leads no further and is not understood",
    "refused": "the server answered: {answer}",
    "unoffered": "the server chose what was not offered",
    "bad-key-exchange": "the server's key exchange is not one of the group",
    "keys-differ": "UDP 4500 is open, and the server cannot read the identification: the pre-shared keys differ",
    "phase-2-silent": "phase 2 was asked for and not answered",
    "l2tp-silent": "L2TP inside the IPsec tunnel was not answered",
    "tcp-silent": "TCP {port} did not answer",
    "tcp-rejected": "TCP {port} was rejected: {reason}",
    "no-tls": "TCP {port} is open, and TLS does not come about: {reason}",
    "untrusted": (
        "the server's certificate is not trusted ({reason}): clients refuse it, and so does this dial; install the "
        "stack's authority, or dial the name that the certificate is for"
    ),
    "sstp-silent": "TLS came about, and SSTP's request was not answered (SoftEther 5.01.9674 never answers it)",
    "sstp-refused": "the server answered SSTP's request: {answer}",
    "sstp-refused-call": "the server refused the SSTP call",
    "sstp-no-binding": "the server asks for no proof by a hash that is known",
    "tcp-closed": "the server closed the connection",
    "tunnel-ended": "the server ended the L2TP tunnel",
    "call-ended": "the server ended the L2TP call",
    "tunnel-ended-for": "the server ended the L2TP tunnel, with result {result} (RFC 2661, 4.4.2)",
    "call-ended-for": "the server ended the L2TP call, with result {result} (RFC 2661, 4.4.2)",
    "link-ended": "the server ended the PPP link",
    "ipsec-deleted": "the server deleted the IPsec tunnel",
    "ppp-silent": "the server did not answer PPP in time",
    "no-login-method": (
        "the server takes a login by {asked} alone, and this system offers {offered}: no method of login in common"
    ),
    "no-login": "the server's PPP went on without asking for a login, which SoftEther always asks for",
    "login-silent": (
        "the login was begun, and the server neither accepted nor refused it in time: a RADIUS that it asks may be "
        "silent"
    ),
    "login-hours": "the server refused the login at this hour (MS-CHAPv2's E=646)",
    "account-disabled": "the server says that the account is disabled (MS-CHAPv2's E=647)",
    "password-expired": "the server says that the password has expired (MS-CHAPv2's E=648)",
    "no-dial-in": "the server says that the account may not dial in (MS-CHAPv2's E=649)",
    "address-silent": "the login was accepted, and no address came in time",
    "no-ipv4": "the server has no IPv4 here",
    "no-address": (
        "the login was accepted, and the server has no address to give: SecureNAT or its DHCP server is off, or its "
        "pool of addresses is empty"
    ),
    "login-refused": "the server refused name or password",
    "server-unproven": "the server accepted the login without proof that it knows the password: it may be another one",
    "no-hub": "the server has no hub {hub} (SoftEther's code {code})",
    "account-ended": "name and password are right, and the account has ended (SoftEther's code {code})",
    "locked-out": (
        "name and password are right, the account has not ended, and the server does not admit the user (SoftEther's "
        "code {code}): the user is locked out for a moment after a session was ended at its limit; wait a minute"
    ),
    "denied": (
        "name and password are right, and the server does not admit the user (SoftEther's code {code}): the account "
        "has ended, or is locked out for a moment after its session was ended"
    ),
    "hub-offline": "the hub {hub} is offline, or is being stopped (SoftEther's code {code})",
    "too-many": "the user has as many sessions as allowed (SoftEther's code {code})",
    "other-code": "the server refused the login with SoftEther's code {code}",
    "accepted-elsewhere": (
        "name and password are right in SoftEther's own protocol, and PPP's login is refused: the server cannot check "
        "MS-CHAPv2 for this user, as with passwords that are kept elsewhere"
    ),
    "name-the-hub": "name the hub by --hub to learn why the login was refused",
    "no-code": "no TCP port of the server answered in SoftEther's own protocol, which would say why",
    "banned": (
        "the server's own firewall rejects this source on every port of the VPN, TCP too, by a rule against it: it is "
        "banned, as after several failed logins"
    ),
    "rejected": "something on the way rejects UDP {port}",
    "rejected-on-the-way": "{by} on the way rejects UDP {port} (ICMP 3/{code})",
    "rejected-by-firewall": "the server's own firewall rejects UDP {port} (ICMP 3/{code})",
    "nothing-listens": "nothing listens on UDP {port} of the server, or a rule there rejects it (ICMP 3/{code})",
    "server-gone": "the session stood, and then the server no longer answered",
    "cut-and-locked-out": (
        "the server ended the session and locks the user out for a moment (SoftEther's code 12): the session was at "
        "its limit"
    ),
    "fails-there": (
        "the server chose {suite}, which {system} offers and then cannot use: on that system the dial fails in phase 1"
    ),
    "openvpn-said": "OpenVPN says: {line}",
    "untried": "{way} is not tried: {reason}",
    "no-report": "no report from {reason}",
    "translated": (
        "the server is behind an address translation, which {system} dials only with the registry value "
        "AssumeUDPEncapsulationContextOnSendRule=2; the kit's script sets it"
    ),
    "no-resolver": "the server names no resolver: names are asked where they were asked before",
    "resolver-silent": "the resolver does not answer: names will not be found",
    "no-page": "the page that was asked for our address did not give it",
    "service-closed": "{name} at {target} is listed for this hub, and rejects connections: is it running?",
    "service-silent": (
        "{name} at {target} is listed for this hub, and does not answer: the access list, a firewall before it, or its "
        "machine"
    ),
    "unlisted-reached": "{target} is not listed for this hub, and is reached all the same: check the access list",
    "small-mtu": "the way takes packets of up to about {way} bytes whole; larger ones go in fragments",
    "fragments-lost": (
        "fragments are lost on the way, so nothing over {up} bytes passes: the dial succeeds, and pages and "
        "downloads hang. Let fragments pass at the FortiGate and in the network between, or use OpenVPN over TCP 443"
    ),
    "large-lost": (
        "packets over {up} bytes up and {down} bytes down are lost: the dial succeeds, and pages and downloads hang. "
        "Let fragments and ICMP 3/4 pass on the way"
    ),
    "fragments-lost-unneeded": (
        "fragments are lost on the way; packets of up to {whole} bytes pass whole, which is enough"
    ),
}

ADVICE: dict[AnyCause, Advice] = {
    Cause.UNKNOWN: Advice(
        "what was seen does not decide the cause",
        "the server's log of that moment may say more",
        "Try once more; if it fails again, send the administrator this whole answer with the time.",
        "Compare the answer with the server's log of that moment; a RADIUS, or another program on the server's ports, "
        "may have its part in it.",
    ),
    DialCause.HUB_OFFLINE: Advice(
        "the virtual hub is offline: nobody can connect to it",
        "`labvpn check` shows what differs on the host",
        "Nothing is wrong with your device or your password. Tell the administrator.",
        "Put the hub online: `pulumi preview` shows it, `pulumi up` does it; by hand, SoftEther's command Online.",
    ),
    DialCause.BANNED: Advice(
        "the server bans this source, as after several failed logins",
        "`labvpn status` lists the bans with their ends; from another network the dial works",
        "Wait until the ban ends, then dial with the right name and password; check those saved on all devices.",
        "`labvpn status` shows the ban and when it ends; exempt a trusted network in the configuration if it recurs.",
    ),
    DialCause.SSTP_SILENT: Advice(
        "the port is open, and the server does not speak SSTP there",
        "`labvpn probe` shows what answers at the port",
        "Use L2TP/IPsec or OpenVPN, and report it.",
        "Switch SSTP on (vpn.protocols.sstp). SoftEther 5.01.9674, Debian 12's, never answers it: install a later "
        "one, or leave it off.",
    ),
    DialCause.ENDED: Advice(
        "the session was ended by the server, or the way to it was lost",
        "the server's log names who ended the session",
        "Connect again. If it ends again after the same time, report when.",
        "Check whether the server was restarted or the session ended by hand, and the server's log of that moment.",
    ),
}

LAYOUT = {
    "title": "{title}, {host}:",
    "from": "{title}, {host}, from {vantage}:",
    "chosen": "IPsec: {suite}, ESP {protection}; login by {method}",
    "address": "Address {address}, router {router}, resolver {resolver}",
    "routes": "Pushed: all traffic",
    "some-routes": "Pushed routes: {routes}",
    "no-routes": "Pushed routes: the server did not answer the question",
    "resolver": "The resolver answers{resolved}.",
    "sizes": "Packets inside: up to {up} bytes up, {down} bytes down; the way takes about {way} bytes whole",
    "no-sizes": "Packets inside: not even a small echo came back",
    "service": "{target}{name}: {state}",
    "unlisted": "{target} (not listed): {state}",
    "open": "open",
    "closed": "closed (rejected)",
    "silent": "no answer",
    "outside": "Seen from outside as {outside}",
    "no-stage": "It is unknown where the connection attempt stopped.",
    "because": "Seen: {sentence}.",
    "note": "Note: {sentence}.",
    "ways": "Ways that are open from here: {ways}",
    "no-ways": "No way is open from here.",
    "openvpn": "OpenVPN {way}",
    "l2tp": "L2TP/IPsec",
    "sstp": "SSTP",
}

WORDS = DialWords(FINDINGS, ADVICE, LAYOUT)
