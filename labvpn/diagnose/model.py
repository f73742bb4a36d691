"""The staged model: what it means that an attempt came this far and no further. Pure data.

L2TP/IPsec: name, phase 1 (UDP 500, then 4500 behind NAT), phase 2, L2TP, PPP authentication, address, up.
TLS (OpenVPN, SSTP, SoftEther): name, port, TLS, authentication, address, up. Sources: RFC 2409, 3947, 3193, 2661, 1661.
"""

from typing import NamedTuple

from labvpn.diagnose.event import Cause, DialStep, Stage

Stop = tuple[Stage, tuple[Cause, ...]]


def _stop(stage: Stage, causes: str) -> Stop:
    return stage, tuple(Cause(name) for name in causes.split())


CLIENT: dict[DialStep, Stop] = {
    DialStep.IPSEC_ASKED: _stop(Stage.PHASE_1, "ipsec-ports-blocked wrong-psk esp-or-4500-blocked client-firewall"),
    # SoftEther does not refuse a cipher or a client without NAT-T: it stays silent (measured).
    DialStep.IKE_SENT: _stop(Stage.PHASE_1, "ipsec-ports-blocked client-firewall proposal-mismatch"),
    DialStep.IKE_REPLIED: _stop(Stage.PHASE_1, "ipsec-ports-blocked client-firewall proposal-mismatch"),
    # The first encrypted message is also the first on port 4500: a wrong key and a closed 4500 look alike from here.
    DialStep.IKE_ANSWERED: _stop(Stage.PHASE_1, "wrong-psk esp-or-4500-blocked proposal-mismatch"),
    DialStep.IKE_ON_4500: _stop(Stage.PHASE_1, "esp-or-4500-blocked wrong-psk"),
    DialStep.IKE_UP: _stop(Stage.PHASE_2, "proposal-mismatch esp-or-4500-blocked"),
    DialStep.IPSEC_SENT: _stop(Stage.PHASE_2, "proposal-mismatch esp-or-4500-blocked"),
    DialStep.IPSEC_UP: _stop(Stage.L2TP, "l2tp-no-reply esp-or-4500-blocked"),
    DialStep.L2TP_SENT: _stop(Stage.L2TP, "l2tp-no-reply esp-or-4500-blocked"),
    DialStep.L2TP_ANSWERED: _stop(Stage.L2TP, "l2tp-no-reply server-full"),
    DialStep.CALL_ANSWERED: _stop(Stage.L2TP, "l2tp-no-reply server-full"),
    DialStep.L2TP_UP: _stop(Stage.AUTHENTICATION, "no-address wrong-credentials l2tp-no-reply"),
    DialStep.TCP_SENT: _stop(Stage.TRANSPORT, "tcp-443-blocked client-firewall"),
    DialStep.TLS_SENT: _stop(Stage.TRANSPORT, "tcp-443-blocked client-firewall certificate wrong-psk"),
    DialStep.TCP_UP: _stop(Stage.TLS, "tcp-443-blocked certificate proposal-mismatch"),
    DialStep.TLS_ANSWERED: _stop(Stage.TLS, "certificate proposal-mismatch tcp-443-blocked"),
    DialStep.TLS_UP: _stop(Stage.AUTHENTICATION, "no-address wrong-credentials"),
    DialStep.PUSH_ASKED: _stop(Stage.ADDRESS, "no-address wrong-credentials second-login"),
    DialStep.PUSHED: _stop(Stage.ADDRESS, "client-firewall no-address"),
    DialStep.PPP_ANSWERED: _stop(Stage.AUTHENTICATION, "wrong-credentials no-address proposal-mismatch"),
    DialStep.AUTH_SENT: _stop(Stage.AUTHENTICATION, "wrong-credentials no-address"),
    DialStep.AUTH_OK: _stop(Stage.ADDRESS, "no-address"),
    DialStep.SESSION: _stop(Stage.ADDRESS, "no-address"),
    DialStep.ADDRESS_ASKED: _stop(Stage.ADDRESS, "no-address"),
}

SERVER: dict[DialStep, Stop] = CLIENT | {
    # The server has seen no packet on 4500, or has seen one that it cannot read: here the two can be distinguished.
    DialStep.IKE_SENT: _stop(Stage.PHASE_1, "proposal-mismatch esp-or-4500-blocked"),
    DialStep.IKE_ANSWERED: _stop(Stage.PHASE_1, "esp-or-4500-blocked wrong-psk"),
    # A wrong key and a proposal that SoftEther drops without a word look alike here: ranked, not decided.
    DialStep.IKE_ON_4500: _stop(Stage.PHASE_1, "wrong-psk proposal-mismatch"),
    DialStep.IKE_UP: _stop(Stage.PHASE_2, "proposal-mismatch esp-or-4500-blocked"),
    DialStep.IPSEC_UP: _stop(Stage.L2TP, "esp-or-4500-blocked l2tp-no-reply"),
    DialStep.L2TP_UP: _stop(Stage.AUTHENTICATION, "wrong-credentials l2tp-no-reply"),
    DialStep.TLS_UP: _stop(Stage.AUTHENTICATION, "wrong-credentials"),
}
"""The same steps seen by the server."""

QUESTIONS: frozenset[DialStep] = frozenset(
    {DialStep.IKE_SENT, DialStep.L2TP_SENT, DialStep.TCP_SENT, DialStep.TLS_SENT}
)
"""Steps of the client only: if one of them is the last, nothing came back."""

UNANSWERED: frozenset[DialStep] = frozenset(
    {
        DialStep.IKE_SENT,
        DialStep.IKE_ANSWERED,
        DialStep.IKE_ON_4500,
        DialStep.L2TP_SENT,
        DialStep.TCP_SENT,
        DialStep.TLS_SENT,
        DialStep.IPSEC_SENT,
    }
)
"""Steps at which a log that simply ends is still evidence: a question is left without an answer."""


class Silence(NamedTuple):
    """Requests of one kind that can stay without an answer: so many show it, and what that means."""

    asked: str
    heard: str
    requests: int
    step: DialStep
    stage: Stage
    causes: tuple[Cause, ...]


SILENCES = (
    Silence("sent [lcp confreq", "rcvd [lcp", 4, DialStep.L2TP_UP, Stage.L2TP, (Cause.L2TP_SILENT, Cause.ESP_OR_4500)),
    Silence(
        "sent [ipcp confreq",
        "rcvd [ipcp",
        4,
        DialStep.ADDRESS_ASKED,
        Stage.ADDRESS,
        (Cause.NO_ADDRESS, Cause.ESP_OR_4500),
    ),
    Silence("sending dhcp discover", "received dhcp", 3, DialStep.ADDRESS_ASKED, Stage.ADDRESS, (Cause.NO_ADDRESS,)),
)
"""The layers of PPP, and strongSwan's question for an address."""
