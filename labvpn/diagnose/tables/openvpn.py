"""OpenVPN 2 and 3 client logs, and their management states (messages of the published sources)."""

from labvpn.diagnose.event import STRONG, DialStep, Kind, Row, Stage, Table, ended, failed, message, reached, starts
from labvpn.diagnose.tables import libraries

REFUSALS: Table = (
    *message(Stage.AUTHENTICATION, "wrong-credentials", r"\bmissing password\b|EVENT: NEED_CREDS|ERR_NO_CREDS"),
    *message(
        Stage.DISCONNECTED,
        "session-time-over",
        r"AUTH_FAILED.{0,12}SESSION",
        r"SESSION_EXPIRED",
    ),
    *message(Stage.TLS, "proposal-mismatch", r"AUTH_FAILED.{0,40}cipher", r"data channel cipher negotiation failed"),
    *message(Stage.AUTHENTICATION, "account-expired", r"AUTH_FAILED.{0,80}(?:expired|disabled|locked|suspended)"),
    *message(
        Stage.AUTHENTICATION,
        "second-login",
        r"AUTH_FAILED.{0,80}(?:already|concurrent|simultaneous|duplicate|in use|multiple)",
    ),
    *message(Stage.AUTHENTICATION, "server-full", r"AUTH_FAILED.{0,80}(?:too many|limit|maximum|full)"),
    *message(
        Stage.AUTHENTICATION,
        "wrong-credentials no-address second-login account-expired",
        r"\bAUTH_FAILED\b",
        r"auth-failure",
        r"STATE:\d+,EXITING,auth",
        r"Auth Username/Password verification failed",
        r"[Cc]an't ask for 'Enter Auth|could not read Auth username",
        weight=STRONG,
    ),
)

TLS: Table = (
    # Its key was right, or nothing could be said of its number: the other side repeats itself, and has not said why.
    Row(r"(?:unwrap|decrypt\w*) error: .*replay", Kind.NOISE),
    *message(
        Stage.TLS,
        "certificate",
        r"VERIFY (?:\w+ )?ERROR",
        r"VERIFY (?:KU|EKU|X509NAME)\w* (?:ERROR|FAIL)",
        r"CERT_VERIFY_FAIL",
        r"TLS_ALERT_(?:UNKNOWN_CA|CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE)",
        r"Cannot load (?:inline )?(?:CA )?(?:certificate|private key)",
        r"private key password verification failed",
        r"\bEPKI_(?:CERT_)?ERROR|EPKI_INVALID_ALIAS|PEM_PASSWORD_FAIL",
    ),
    *message(
        Stage.TLS,
        "wrong-psk proposal-mismatch",
        r"tls-crypt unwrap error",
        r"cannot locate HMAC in incoming packet",
        r"packet HMAC authentication failed",
        r"incoming packet authentication failed",
        r"\bTLS_AUTH_FAIL|TLS_CRYPT_META_FAIL",
    ),
    *message(
        Stage.TLS,
        "proposal-mismatch",
        r"failed to negotiate cipher",
        r"OPTIONS ERROR",
        r"Failed to apply push options",
        r"Unsupported cipher|Cipher \S+ not supported|Cipher algorithm .* not found",
        r"cipher final failed|cipher_ctx_final\(\) failed",
        r"negotiated cipher not allowed",
        r"Bad (?:LZO|compression stub) decompression|COMPRESS_ERROR",
        r"Unrecognized option or missing.*(?:cipher|tls-crypt)",
    ),
)

CONNECT: Table = (
    *message(
        Stage.TLS,
        "certificate",
        r"(?:mbed TLS|PolarSSL|OpenSSLContext|PKCS12): .{0,80}(?:certificate|cert|private key|parsing|X509|PEM)",
        r"[Mm]issing external (?:certificate|pki alias)|External certificate signing failed|epki_sign",
        r"Peer certificate verification failure",
        r"Options error: .*--(?:ca|cert|key|pkcs12)\b",
        r"error parsing (?:ca|cert|private|extra)",
        r"client certificate .{0,24}(?:not found|missing|required)",
    ),
    *message(
        Stage.TRANSPORT,
        "client-firewall",
        r"socket_protect error|SOCKET_PROTECT",
        r"cannot acquire TAP handle|tap_?[Ss]etup|TunProp|tun_prop_error|tun_builder_\w+|NEVPNErrorDomain",
        r"VPN (?:permission|service) .{0,20}(?:denied|revoked|rejected)",
        r"ovpnagent: .{0,40}(?:error|failed)|Error calling protect|[Aa]gent.{0,20}connection refused",
    ),
    *message(
        Stage.TLS,
        "proposal-mismatch client-firewall",
        r"option_error|Options? error: |ERR_PROFILE_|parse_profile|UNUSED_OPTIONS_ERROR|unsupported option",
        weight=STRONG,
    ),
)
"""OpenVPN Connect's exceptions (openvpn3's error types), and options that the program does not take."""

NETWORK: Table = (
    *message(
        Stage.NAME,
        "name-not-found",
        r"Cann?ot resolve host address",
        r"\bRESOLVE_ERROR",
        r"DNS resolve error|resolve error on",
        r"Could not determine IPv4/IPv6 protocol",
    ),
    *message(
        Stage.TRANSPORT,
        "client-firewall",
        r"WSAEACCES|code=10013",
        r"write UDP\S*.{0,40}(?:Operation not permitted|Permission denied|EPERM|EACCES)",
        r"creating \S+ adapter using service failed",
        r"adapters on this system are (?:currently )?in use|All (?:TAP|tap-\S+|wintun|ovpn-dco) .{0,40}\bin[- ]use",
        r"There are no (?:TAP|tap|wintun|ovpn-dco)",
        r"CreateFile failed on \S+ device",
        r"(?:Cannot|ERROR: Cannot) (?:open|allocate|ioctl) TUN",
        r"[Ff]ailed to open tun/tap interface",
        r"\bTUN_(?:SETUP_FAILED|IFACE_CREATE|IFACE_DISABLED)",
        r"SOCKET_PROTECT_ERROR",
    ),
    *message(
        Stage.TRANSPORT,
        "client-firewall tcp-443-blocked",
        r"(?:write|connect|read) (?:UDP|TCP|to)\S*.{0,60}Network is (?:unreachable|down)",
        r"Network unreachable, restarting",
        r"NETWORK_UNAVAILABLE",
        r"code=10051",
        weight=STRONG,
    ),
    *message(
        Stage.TRANSPORT,
        "tcp-443-blocked client-firewall",
        r"TCP: connect to .* failed",
        r"TCP connect error on",
        r"connect to \[\w+\]\S+ failed",
        r"\b(?:TCP|UDP)_CONNECT_ERROR",
        r"(?:read|write|recv|send)\w* (?:UDP|TCP)\S*.{0,60}(?:refused|timed out|unreachable|No route|code=100\d\d)",
        r"\bPROXY_(?:ERROR|NEED_CREDS)",
        r"CONNECTION_TIMEOUT",
        r"Bad encapsulated packet length",
        weight=STRONG,
    ),
    *message(
        Stage.ADDRESS,
        "no-address",
        r"Initialization Sequence Completed With Errors",
        r"DHCP\w*.{0,40}(?:timed out|failed to)",
    ),
    # SoftEther 5.02 refuses a password alone by AUTH_FAILED: everything else that bars a user is silence (measured).
    *message(
        Stage.ADDRESS,
        "no-address second-login account-expired device-not-allowed",
        r"No reply from server to push requests",
        r"No reply from server after sending \d+ push requests",
    ),
    *message(
        Stage.DISCONNECTED,
        "session-time-over connected",
        r"Inactivity timeout \(--inactive\)",
        r"\bINACTIVE_TIMEOUT|Inactive timeout",
        r"(?:Halt|Connection reset) command was pushed by server",
        r"CLIENT_HALT|CLIENT_RESTART|TUN_HALT",
    ),
)

COURSE: Table = (
    *starts(
        r"\bOpenVPN \d\S* .*(?:\[SSL|built on)",
        r"OpenVPN core 3",
        r"Restart pause, \d+ second",
        r"Preserving recently used remote address",
        r"EVENT: RECONNECTING",
    ),
    *starts(r"Attempting to establish TCP connection", step=DialStep.TCP_SENT),
    *reached(
        DialStep.UP,
        r"Initialization Sequence Completed",
        r"EVENT: CONNECTED",
        r"\bCONNECTED,SUCCESS",
    ),
    *failed(
        r"TLS key negotiation failed to occur", r"TLS handshake failed", r"Server poll timeout", step=DialStep.TLS_SENT
    ),
    *failed(
        r"TLS_ERROR: BIO read",
        r"incoming plaintext read error",
        r"TLS Error: (?:Unroutable|tls-\S+ unwrapping failed)",
        step=DialStep.TLS_ANSWERED,
    ),
    *ended(
        Kind.LOST,
        r"Inactivity timeout \(--ping-(?:restart|exit)\)",
        r"KEEPALIVE_TIMEOUT",
        r"\[soft,(?:ping-restart|ping-exit|server_poll)",
    ),
    *failed(
        r"Connection reset, restarting",
        r"Exiting due to fatal error",
        r"(?:SIGUSR1|SIGHUP)\[.*received, process restarting",
        r"EVENT: (?:TRANSPORT_ERROR|NETWORK_\w+_ERROR|\w+_ERROR)",
        r"HANDSHAKE_TIMEOUT",
    ),
    *ended(Kind.CLOSED, r"SIG(?:TERM|INT)\[", r"EVENT: (?:DISCONNECTED|PAUSE)"),
    *reached(DialStep.PUSHED, r"PUSH_REPLY", r"EVENT: ASSIGN_IP", r",ASSIGN_IP,"),
    *reached(DialStep.PUSH_ASKED, r"PUSH_REQUEST"),
    *reached(DialStep.TLS_UP, r"Peer Connection Initiated with", r"EVENT: GET_CONFIG", r",GET_CONFIG,"),
    *reached(DialStep.TLS_ANSWERED, r"TLS: Initial packet from", r"VERIFY (?:\w+ )?OK", r"STATE:\d+,AUTH,"),
    *reached(DialStep.TCP_UP, r"TCP connection established with", r"TCP\S* connection established"),
    *reached(DialStep.TLS_SENT, r"UDP\S* link remote", r"STATE:\d+,WAIT,", r"EVENT: (?:CONNECTING|WAIT)\b"),
)

TABLE: Table = REFUSALS + CONNECT + TLS + NETWORK + libraries.OPENSSL + libraries.RESOLVER + COURSE
