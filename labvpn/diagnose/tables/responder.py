"""Servers' own logs beside SoftEther's: libreswan and strongSwan as responders, xl2tpd as LNS, OpenVPN as server."""

from labvpn.diagnose.event import (
    NAMED,
    STRONG,
    WEAK,
    DialStep,
    Kind,
    Row,
    Stage,
    Table,
    ended,
    message,
    reached,
    starts,
)

_LIBRESWAN_PEER = r"\"[^\"]+\"\[\d+\] \S+ #\d+: "
"""What pluto writes before a message about one peer of a connection that many may use, as a server's is."""

LIBRESWAN: Table = (
    *starts(r"responding to (?:Main|Aggressive) Mode", r"processing IKE_SA_INIT request"),
    *message(
        Stage.PHASE_1,
        "proposal-mismatch",
        r"no acceptable Oakley Transform",
        r"no acceptable proposal",
        r"Peer attempted EAP authentication|peer requested EAP",
        r"no suitable connection found with",
        r"no local proposal matches remote proposals",
        r"sending (?:unencrypted )?notification (?:v2N_)?NO_PROPOSAL_CHOSEN",
        r"(?:encrypted|unencrypted) notification (?:v2N_)?NO_PROPOSAL_CHOSEN",
    ),
    # Others knock at every server too.
    *message(
        Stage.PHASE_1,
        "proposal-mismatch",
        r"(?:initial|no) (?:Main Mode|IKE_SA_INIT) message received .* but no connection has been authorized",
        weight=WEAK,
    ),
    *message(Stage.PHASE_1, "proposal-mismatch", r"Oakley Transform \[.*\] refused", weight=WEAK),
    *message(
        Stage.PHASE_1,
        "certificate",
        r"No matching subjectAltName found",
        r"certificate does not contain (?:ID_\w+ )?subjectAltName",
        r"SubjectAltName does not match peer ID",
        r"SubjectAltName .{0,40}not match",
        r"peer certificate (?:subject|contains no subjectAltName)",
        r"is not specified on the certificate SubjectAltName",
        r"unmatched IKE ID in certificate SAN",
        r"ID_DER_ASN1_DN '.*' does not match expected",
        r"Peer ID '.*' mismatched on first found connection",
        r"X509: (?:certificate|Certificate|no EE-cert|CERT|connection failed)",
        r"NSS: ERROR: (?:IPsec )?certificate",
        r"\bSEC_ERROR_\w+|Peer's Certificate (?:has|issuer)",
        r"can't find the (?:certificate or )?private key|unable to locate my private key",
        r"failed to find our (?:RSA|ECDSA|private) key|no (?:RSA|ECDSA) private key",
        r"certificate (?:with nickname )?\S* ?(?:was )?not found in (?:the )?NSS",
    ),
    *message(
        Stage.PHASE_1,
        "wrong-psk",
        _LIBRESWAN_PEER + r".*probable authentication failure",
        _LIBRESWAN_PEER + r".*malformed payload in packet",
        r"computed hash does not match|AUTH mismatch: Received AUTH != computed AUTH",
    ),
    # What is refused after that is refused for that.
    *message(Stage.PHASE_1, "wrong-psk", r"Can't authenticate: no preshared key found", weight=NAMED + 10),
    # What the server sent does not arrive: the client repeats its question.
    *message(
        Stage.PHASE_1,
        "ipsec-ports-blocked client-firewall proposal-mismatch",
        r"duplicate packet.{0,40}already STATE_MAIN_R1",
        weight=STRONG,
    ),
    *message(
        Stage.PHASE_1,
        "esp-or-4500-blocked wrong-psk client-firewall",
        r"duplicate packet.{0,40}already STATE_MAIN_R[23]",
        r"STATE_MAIN_R2: retransmission",
        r"has duplicate Message ID [1-9]\d*; retransmitting response",
        weight=STRONG,
    ),
    *message(
        Stage.AUTHENTICATION,
        "wrong-credentials account-expired",
        r"XAUTH: .*(?:authentication failed|failed to authenticate)|XAUTH: fail(?:ure|:) user",
    ),
    *message(
        Stage.PHASE_2,
        "proposal-mismatch",
        r"netlink response for Add SA .* included errno",
        r"cannot respond to IPsec SA request",
        r"Quick Mode request rejected",
        r"no acceptable Proposal in IPsec SA",
        r"transform proposal not supported for identity|phase [12] SA policy not acceptable",
        weight=STRONG,
    ),
    # IKEv2 gives the address with the tunnel; L2TP is in transport mode, and goes on.
    *reached(
        DialStep.UP,
        _LIBRESWAN_PEER + r"(?:responder |initiator )?established Child SA .*IPsec tunnel",
        _LIBRESWAN_PEER + r".*STATE_V2_IPSEC_[IR]: IPsec SA established tunnel mode",
    ),
    *reached(DialStep.IPSEC_UP, r"STATE_QUICK_R2: ", _LIBRESWAN_PEER + r".*IPsec SA established"),
    *reached(DialStep.IPSEC_SENT, r"responding to Quick Mode proposal"),
    *reached(
        DialStep.IKE_UP,
        r"STATE_MAIN_R3: sent MR3",
        _LIBRESWAN_PEER + r".*(?:ISAKMP|IKE) SA established",
        r"STATE_V2_ESTABLISHED_IKE_SA(?!: retrans)",
    ),
    *reached(DialStep.IKE_ANSWERED, r"sent IKE_SA_INIT (?:reply|response)|STATE_(?:V2_)?PARENT_R1\b(?!: retrans)"),
    *reached(DialStep.IKE_ANSWERED, r"STATE_MAIN_R2\b: sent MR2", r"sent Main Mode R2", r"to state STATE_MAIN_R2"),
    *reached(DialStep.IKE_REPLIED, r"STATE_MAIN_R1\b: sent MR1", r"sent Main Mode R1", r"to state STATE_MAIN_R1"),
)

STRONGSWAN: Table = (
    *starts(r"is initiating an? (?:Main Mode |Aggressive Mode )?IKE_SA"),
    *message(
        Stage.PHASE_1,
        "proposal-mismatch",
        r"no IKE config found for",
        r"no matching (?:peer )?config found",
        r"(?:received proposals|config|peer config .*) (?:in|un)acceptable(?!: constraint)",
        r"found \d+ matching configs?, but none allows",
        r"no (?:matching|acceptable) proposal found, sending",
        r"(?:Main|Aggressive) Mode (?:PSK )?(?:is )?disabled",
    ),
    *message(
        Stage.PHASE_1,
        "proposal-mismatch",
        r"\[CFG\]\s+no acceptable \w+ found",
        r"no alternative (?:peer )?config found",
        weight=WEAK,
    ),
    *message(Stage.PHASE_1, "certificate", r"selected peer config .* (?:in|un)acceptable: constraint"),
    *message(
        Stage.PHASE_1,
        "esp-or-4500-blocked ipsec-ports-blocked client-firewall",
        r"received retransmit of request with ID",
        weight=STRONG,
    ),
    *reached(DialStep.IPSEC_SENT, r"parsed QUICK_MODE request"),
    *reached(DialStep.IKE_UP, r"generating ID_PROT response 0 \[ ID"),
    *reached(DialStep.IKE_ANSWERED, r"generating (?:ID_PROT response 0 \[ KE|IKE_SA_INIT response)"),
    *reached(DialStep.IKE_REPLIED, r"generating ID_PROT response 0 \[ SA"),
    Row(r"deleting half open IKE_SA", Kind.FAILED),
)

ACCEL_PPP: Table = (
    *message(Stage.ADDRESS, "no-address", r"requested IP cannot be assigned", r"ipcp: no free IP address"),
    *message(Stage.ADDRESS, "server-full no-address", r"ippool: no free address|no free addresses in pool"),
    *reached(DialStep.AUTH_OK, r"\bppp\d+: .*: authentication succeeded"),
    *message(
        Stage.AUTHENTICATION,
        "wrong-credentials account-expired second-login",
        r"\bppp\d+: .*: authentication failed",
    ),
)
"""accel-ppp, a server of SSTP and L2TP."""

SSTP_SERVER: Table = (
    *reached(DialStep.TLS_UP, r"SSTP control packet \(CALL_CONNECT_REQUEST\) received"),
    *reached(DialStep.AUTH_OK, r"SSTP control packet \(CALL_CONNECTED\) received"),
    *ended(Kind.CUT, r"\bpppd stopped\b", r"SSTP control packet \(CALL_(?:DISCONNECT|ABORT)\) received"),
)
"""sstp-server, which leaves the login to pppd."""

_DROPPED = r"(?:BLOCK|DROP|DENY|REJECT)\w*[\]: ].* PROTO="

KERNEL: Table = (
    *message(Stage.PHASE_1, "ipsec-ports-blocked", _DROPPED + r"UDP .*\bDPT=500\b", weight=STRONG),
    *message(Stage.PHASE_1, "esp-or-4500-blocked", _DROPPED + r"(?:UDP .*\bDPT=4500\b|ESP\b)", weight=STRONG),
    *message(Stage.TRANSPORT, "tcp-443-blocked", _DROPPED + r"(?:TCP .*\bDPT=443|UDP .*\bDPT=1194)\b", weight=STRONG),
)
"""The server's own packet filter (nftables, iptables, UFW), where it writes down what it drops."""

XL2TPD: Table = (
    *message(
        Stage.L2TP,
        "l2tp-no-reply esp-or-4500-blocked",
        r"Peer requested tunnel \d+ twice",
        r"udp_xmit failed to",
        weight=STRONG,
    ),
    *message(Stage.L2TP, "device-not-allowed", r"Denied connection to unauthorized peer"),
    *message(Stage.L2TP, "server-full", r"No more IP addresses|unable to allocate call"),
    *reached(
        DialStep.L2TP_SENT, r"control_finish: sending SCCRP", r"message type 1 \(Start-Control-Connection-Request"
    ),
)

OPENVPN: Table = (
    *starts(r"MULTI: multi_create_instance called", step=DialStep.TLS_SENT),
    *message(
        Stage.TRANSPORT, "server-full", r"MULTI: new incoming connections? would exceed maximum number of clients"
    ),
    *message(Stage.AUTHENTICATION, "wrong-credentials", r"Auth Username/Password was not provided by peer"),
    *message(
        Stage.AUTHENTICATION,
        "device-not-allowed",
        r"client is not reporting a MAC(?:/UUID)? address|POST_AUTH MAC CHECK: .*(?:denied|FAILED)",
    ),
    *message(
        Stage.DISCONNECTED,
        "session-time-over account-expired",
        r"client session state invalid or expired",
        weight=STRONG,
    ),
    *message(
        Stage.DISCONNECTED,
        "second-login",
        r"MULTI: new connection by client .* will cause previous active sessions",
    ),
    *message(
        Stage.AUTHENTICATION,
        "wrong-credentials account-expired second-login",
        r"SENT CONTROL \[.*\]: 'AUTH_FAILED",
        r"TLS Auth Error",
        r"PLUGIN_CALL: plugin function PLUGIN_AUTH_USER_PASS_VERIFY failed",
        r"LDAP bind failed: Invalid credentials|Incorrect password supplied for LDAP DN",
        weight=STRONG,
    ),
    *message(Stage.ADDRESS, "no-address server-full", r"no free --ifconfig-pool addresses|ifconfig_pool_acquire"),
    *reached(DialStep.UP, r"MULTI: primary virtual IP for", r"MULTI: Learn: "),
    *ended(Kind.LOST, r"SIGUSR1\[soft,ping-restart\] received, client-instance"),
    *ended(Kind.CLOSED, r"client-instance exiting"),
    Row(r"client-instance restarting", Kind.FAILED),
)

TABLE: Table = LIBRESWAN + STRONGSWAN + ACCEL_PPP + SSTP_SERVER + KERNEL + XL2TPD + OPENVPN
