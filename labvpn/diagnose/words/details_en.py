"""The closer advice in English: a certificate's faults, OpenVPN's keys and ports, and files that are not logs."""

from labvpn.diagnose.files import FileKind
from labvpn.diagnose.words import Advice

_NEW_PROFILE = "Install the latest profile from the administrator."

DETAILS = {
    "certificate:expired": Advice(
        "a certificate has expired",
        "`openssl s_client -connect SERVER:443` shows the dates of the server's; mind the clock of the device",
        "Check the device's date and time; if they are right, tell the administrator that the certificate expired.",
        "Renew the certificate that the line names (the server's, or the user's own), and distribute profiles again.",
    ),
    "certificate:not-yet-valid": Advice(
        "a certificate is not valid yet: the device's clock is slow, or the certificate is brand new",
        "compare the device's clock with the certificate's first day",
        "Set the device's date and time to automatic, and try again.",
        "If the device's clock is right, wait for the first day of the certificate, or issue it anew.",
    ),
    "certificate:revoked": Advice(
        "a certificate has been revoked",
        "the list of revoked certificates has its serial number",
        "Ask the administrator for a new profile.",
        "Issue a new certificate, and distribute new profiles.",
    ),
    "certificate:revocation-unchecked": Advice(
        "the device could not check whether the certificate was revoked: the list's server cannot be reached",
        "the address of the list in the certificate does not open on this network",
        "Try another network; a captive portal or a proxy may be in the way.",
        "Make the list of revoked certificates reachable from outside, or use a certificate without one.",
    ),
    "certificate:wrong-name": Advice(
        "the server's certificate was issued for another name than the one that was dialled",
        "`openssl s_client -connect SERVER:443` shows the names of the certificate",
        "Connect to exactly the name in the profile, not to an address.",
        "Issue the certificate for the name that users dial (as a subjectAltName), or correct the profile's name.",
    ),
    "certificate:wrong-purpose": Advice(
        "a certificate was made for another purpose: the server needs one for servers, the user one for clients",
        "`openssl x509 -purpose` shows what a certificate is for",
        _NEW_PROFILE,
        "Issue the certificate anew with the extended key usage serverAuth (server) or clientAuth (user).",
    ),
    "certificate:too-weak": Advice(
        "a certificate's key or signature is too weak for this device (MD5, SHA-1, or an RSA key below 2,048 bits)",
        "`openssl x509 -text` shows the key's size and the signature's algorithm",
        "Ask the administrator for a new profile.",
        "Issue the certificates anew with SHA-256 and RSA 2,048 bits or more.",
    ),
    "certificate:missing": Advice(
        "a certificate or its private key is missing or cannot be read",
        "the line names the file or the store in which it is missing",
        "Install the whole profile again. If L2TP asks for a certificate, select the pre-shared key in its settings.",
        "Distribute the profile with everything that it needs; on the server check that key and certificate belong "
        "together.",
    ),
    "certificate:untrusted": Advice(
        "a certificate is not trusted: self-signed, or its issuer is unknown to the device",
        "the issuer of the server's certificate is not in the profile nor in the device's store",
        "Install the latest profile, which has the issuer. On a public network, first check for a login page.",
        "Distribute the issuer's certificate with the profile, and have the server send its intermediate certificates.",
    ),
    "wrong-credentials:hub": Advice(
        "the virtual hub that the user named does not exist on the server",
        "the server's log names the hub that does not exist; `HubList` shows those that do",
        "Check what follows the @ in the user name, or the hub of the connection setting.",
        "Compare the hub in the kit with the server's hubs; without an @ the server takes its default hub.",
    ),
    "wrong-psk:openvpn": Advice(
        "the key of tls-auth or tls-crypt in the profile is not the server's",
        "the server's log contains: tls-crypt unwrap error, or: cannot locate HMAC in incoming packet",
        _NEW_PROFILE,
        "Compare the tls-auth or tls-crypt block of the profile with the server's, with its direction.",
    ),
    "tcp-443-blocked:openvpn": Advice(
        "the OpenVPN port in the profile's remote line cannot be reached, or the answers do not come back",
        "the profile for TCP 443 connects from the same network, or another network does",
        "Try another network; try the profile for TCP 443.",
        "Check that OpenVPN listens on the profile's port and protocol, then firewalld and the FortiGate's policy; "
        "`labvpn probe HOST` names the blocking hop.",
    ),
    "client-firewall:openvpn": Advice(
        "the device itself blocks OpenVPN: its firewall, security software, permissions, or the TAP or tun adapter",
        "another device on the same network can connect with the same profile",
        "Restart the device; start OpenVPN as its installer intends (Windows: the service; phones: allow the VPN); "
        "disable security software for one attempt.",
        "Reinstall OpenVPN with its adapter, and allow the program in the device's firewall.",
    ),
    "proposal-mismatch:openvpn": Advice(
        "the profile's options, ciphers or protocol do not fit the program or the server",
        "the line names the option, or both sides' ciphers",
        "Use the latest profile unchanged, with the current version of OpenVPN.",
        "Add AES-256-GCM to the profile's data-ciphers; remove options that the program does not know; "
        "compare proto with the server's.",
    ),
    "certificate:openvpn": Advice(
        "a certificate is missing, expired, not trusted, or issued for another name",
        "the lines with VERIFY name the certificate; a wrong clock on the device has the same effect",
        "Check the device's date and time; install the latest profile.",
        "Check the ca, cert and key blocks of the profile and the server's certificate (name, dates, purpose).",
    ),
    "unknown:unfinished": Advice(
        "the log ends too early",
        "",
        "Send the rest: wait until the connection has worked or failed, then send the log from its first line "
        "to its last.",
        "The server's security log of that minute may contain how it ended: add it with --server.",
    ),
    "second-login:openvpn": Advice(
        "two devices connect with the same user or certificate, and each ends the other's session",
        "the loop stops when one of the devices is disconnected",
        "Disconnect your other devices, wait two minutes, and connect with one.",
        "Give each device its own user or certificate; raise multiLogins only if two at once are wanted.",
    ),
}

_TEXT = "Send the log itself as text."

FILES = {
    FileKind.EMPTY: "the file is empty. Send the log once it has lines: on a Mac enable detailed logging first.",
    FileKind.COMPRESSED: "the file is compressed (gzip, bzip2, xz or zstd). Decompress it first: `zcat FILE`.",
    FileKind.ARCHIVE: "the file is an archive (zip, 7z, rar or tar). Extract it, and give the log that is in it.",
    FileKind.PICTURE: "the file is a picture. Type the error number or the sentence in it, or send the log as text.",
    FileKind.PDF: f"the file is a PDF. {_TEXT}",
    FileKind.EVENT_LOG: (
        "the file is a Windows event log (.evtx). In the Event Viewer filter by the source RasClient and save as text, "
        "or run: wevtutil qe Application /q:*[System[Provider[@Name='RasClient']]] /f:text"
    ),
    FileKind.OFFICE: f"the file is a document of a word processor or a mail program. {_TEXT}",
    FileKind.CAPTURE: "the file is a packet capture. Send the log of the client or of the server instead.",
    FileKind.PROGRAM: f"the file is a program. {_TEXT}",
    FileKind.WEB_PAGE: f"the file is a web page. {_TEXT}",
}
