"""What users of the built-in VPN clients would meet: they speak L2TP/IPsec, and its first message needs UDP 500."""

from __future__ import annotations

from labvpn.model.lab import Lab
from labvpn.model.ports import IKE, NAT_TRAVERSAL, Port, Transport

PORTS = (Port(IKE, Transport.UDP), Port(NAT_TRAVERSAL, Transport.UDP))

SILENCE = "phase 1 of IPsec is never answered, so the clients built into iOS, macOS, Windows and Android cannot dial"


def warnings(lab: Lab) -> list[str]:
    """What the configuration alone makes certain."""
    if lab.vpn.protocols.l2tp_ipsec:
        return []
    return [
        f"L2TP/IPsec is off (vpn.protocols.l2tpIpsec) and UDP {IKE} and {NAT_TRAVERSAL} are closed on every hop: "
        f"{SILENCE}; switch it on unless everyone has another client"
    ]


def notes(lab: Lab) -> list[str]:
    """The hops that the stack does not manage and cannot inspect."""
    if not lab.vpn.protocols.l2tp_ipsec or lab.fortigate:
        return []
    return [
        f"fortigate is left out: whatever is in front of the VPN host must let in UDP {IKE} and {NAT_TRAVERSAL}, "
        f"or {SILENCE}; `labvpn probe` from outside shows whether it does"
    ]
