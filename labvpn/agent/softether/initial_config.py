"""The configuration that a fresh SoftEther finds at its first start, so that it is never open to anyone."""

from typing import Dict, List

from labvpn.agent.core.document import Line
from labvpn.agent.softether.config_file import escape
from labvpn.agent.softether.hashes import password_hash

TLS_FLAGS = {"1.0": 0, "1.1": 1, "1.2": 2}


def flag(value: bool) -> str:
    """A boolean as the file has it."""
    return "true" if value else "false"


def off(values: Dict[str, str]) -> bool:
    """Whether an `enabled=` line is not `yes`."""
    return values.get("enabled") != "yes"


def listeners(lines: List[Line]) -> List[str]:
    """The listener blocks; a file without them would start with no listener at all."""
    blocks = []
    for number, line in enumerate(one for one in lines if one.kind == "listener"):
        enabled = flag(not off(line.values))
        blocks.append(
            "\t\tdeclare Listener{}\n\t\t{{\n\t\t\tbool Enabled {}\n\t\t\tuint Port {}\n\t\t}}\n".format(
                number, enabled, line.name
            )
        )
    return blocks


def tls_flags(minimum: str) -> Dict[str, str]:
    """The switches that turn off every version below the minimum."""
    below = TLS_FLAGS.get(minimum, 0)
    return {"Tls_Disable1_{}".format(minor): flag(minor < below) for minor in range(3)}


def server_settings(values: Dict[str, Dict[str, str]], password: str) -> List[str]:
    """The lines of ServerConfiguration."""
    ports = values.get("udp", {}).get("ports", "none")
    udp = escape("" if ports == "none" else ports.replace(",", ", "))
    settings = [
        "byte HashedPassword " + password_hash(password),
        "bool DisableIPsecAggressiveMode " + flag(off(values.get("aggressive-mode", {}))),
        "bool DisableNatTraversal " + flag(off(values.get("nat-traversal", {}))),
        "bool EnableVpnAzure " + flag(not off(values.get("azure", {}))),
        "bool UseKeepConnect " + flag(not off(values.get("keep-alive", {}))),
        # Without these two a started server has an empty separator (then `user@HUB` is not recognised) and no protocol.
        "string UsernameHubSeparator @",
        "uint KeepConnectProtocol 1",
        # 5.x reads the first, 4.x the other three; each leaves out what it does not know when it saves itself.
        "string PortsUDP " + udp,
        "string OpenVPN_UdpPortList " + udp,
        "bool DisableOpenVPNServer " + flag(off(values.get("protocol openvpn", {}))),
        "bool DisableSSTPServer " + flag(off(values.get("protocol sstp", {}))),
    ]
    switches = tls_flags(values.get("tls", {}).get("minimum", "1.2"))
    return settings + ["bool {} {}".format(name, value) for name, value in switches.items()]


def initial_config(lines: List[Line], password: str) -> str:
    """The file's text from the server document; it holds the password's hash, so its mode has to be 0600."""
    values = {line.key: line.values for line in lines}
    ddns = "\tdeclare DDnsClient\n\t{{\n\t\tbool Disabled {}\n\t}}\n".format(flag(off(values.get("dynamic-dns", {}))))
    ports = "\tdeclare ListenerList\n\t{\n" + "".join(listeners(lines)) + "\t}\n"
    settings = "".join("\t\t" + line + "\n" for line in server_settings(values, password))
    server = "\tdeclare ServerConfiguration\n\t{\n" + settings + "\t}\n"
    return "# Software Configuration File\n\ndeclare root\n{\n" + ddns + ports + server + "}\n"
