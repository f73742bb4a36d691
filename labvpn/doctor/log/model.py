"""The staged model: what it means that a dial came this far and no further. Pure data.

L2TP/IPsec: name, phase 1 (UDP 500, then 4500 behind NAT), phase 2, L2TP, PPP authentication, address, up.
TLS (OpenVPN, SSTP, SoftEther): name, port, TLS, authentication, address, up. Sources: RFC 2409, 3947, 3193, 2661, 1661.
"""

from labvpn.doctor.log.event import Cause, Stage, Step

Stop = tuple[Stage, tuple[Cause, ...]]


def _stop(stage: Stage, causes: str) -> Stop:
    return stage, tuple(Cause(name) for name in causes.split())


CLIENT: dict[Step, Stop] = {
    Step.IPSEC_ASKED: _stop(Stage.PHASE_1, "ipsec-ports-blocked wrong-psk esp-or-4500-blocked client-firewall"),
    # SoftEther does not refuse a cipher or a client without NAT-T: it stays silent (measured).
    Step.IKE_SENT: _stop(Stage.PHASE_1, "ipsec-ports-blocked client-firewall proposal-mismatch"),
    # The first encrypted message is also the first on port 4500: a wrong key and a closed 4500 look alike from here.
    Step.IKE_ANSWERED: _stop(Stage.PHASE_1, "wrong-psk esp-or-4500-blocked proposal-mismatch"),
    Step.IKE_ON_4500: _stop(Stage.PHASE_1, "esp-or-4500-blocked wrong-psk"),
    Step.IKE_UP: _stop(Stage.PHASE_2, "proposal-mismatch esp-or-4500-blocked"),
    Step.IPSEC_SENT: _stop(Stage.PHASE_2, "proposal-mismatch esp-or-4500-blocked"),
    Step.IPSEC_UP: _stop(Stage.L2TP, "l2tp-no-reply esp-or-4500-blocked"),
    Step.L2TP_SENT: _stop(Stage.L2TP, "l2tp-no-reply esp-or-4500-blocked"),
    Step.L2TP_ANSWERED: _stop(Stage.L2TP, "l2tp-no-reply server-full"),
    Step.CALL_ANSWERED: _stop(Stage.L2TP, "l2tp-no-reply server-full"),
    Step.L2TP_UP: _stop(Stage.AUTHENTICATION, "no-address wrong-credentials l2tp-no-reply"),
    Step.TCP_SENT: _stop(Stage.TRANSPORT, "tcp-443-blocked client-firewall"),
    Step.TLS_SENT: _stop(Stage.TRANSPORT, "tcp-443-blocked client-firewall certificate wrong-psk"),
    Step.TCP_UP: _stop(Stage.TLS, "tcp-443-blocked certificate proposal-mismatch"),
    Step.TLS_ANSWERED: _stop(Stage.TLS, "certificate proposal-mismatch tcp-443-blocked"),
    Step.TLS_UP: _stop(Stage.AUTHENTICATION, "no-address wrong-credentials"),
    Step.PUSH_ASKED: _stop(Stage.ADDRESS, "no-address wrong-credentials second-login"),
    Step.PUSHED: _stop(Stage.ADDRESS, "client-firewall no-address"),
    Step.PPP_ANSWERED: _stop(Stage.AUTHENTICATION, "wrong-credentials no-address proposal-mismatch"),
    Step.AUTH_SENT: _stop(Stage.AUTHENTICATION, "wrong-credentials no-address"),
    Step.AUTH_OK: _stop(Stage.ADDRESS, "no-address"),
    Step.SESSION: _stop(Stage.ADDRESS, "no-address"),
    Step.ADDRESS_ASKED: _stop(Stage.ADDRESS, "no-address"),
}

SERVER: dict[Step, Stop] = CLIENT | {
    # The server has seen no packet on 4500, or has seen one that it cannot read: here the two do not look alike.
    Step.IKE_SENT: _stop(Stage.PHASE_1, "proposal-mismatch esp-or-4500-blocked"),
    Step.IKE_ANSWERED: _stop(Stage.PHASE_1, "esp-or-4500-blocked wrong-psk"),
    Step.IKE_ON_4500: _stop(Stage.PHASE_1, "wrong-psk"),
    Step.IKE_UP: _stop(Stage.PHASE_2, "proposal-mismatch esp-or-4500-blocked"),
    Step.IPSEC_UP: _stop(Stage.L2TP, "esp-or-4500-blocked l2tp-no-reply"),
    Step.L2TP_UP: _stop(Stage.AUTHENTICATION, "wrong-credentials l2tp-no-reply"),
    Step.TLS_UP: _stop(Stage.AUTHENTICATION, "wrong-credentials"),
}
"""The same steps seen by the server."""

QUESTIONS: frozenset[Step] = frozenset({Step.IKE_SENT, Step.L2TP_SENT, Step.TCP_SENT, Step.TLS_SENT})
"""Steps of the client alone: where they are the last, nothing has come back."""

UNANSWERED: frozenset[Step] = frozenset(
    {Step.IKE_SENT, Step.IKE_ANSWERED, Step.IKE_ON_4500, Step.L2TP_SENT, Step.TCP_SENT, Step.TLS_SENT, Step.IPSEC_SENT}
)
"""Where a log that simply ends still says something: a question stands there without its answer."""

GOING_WELL: frozenset[Step] = frozenset(
    {
        Step.IPSEC_UP,
        Step.CALL_ANSWERED,
        Step.L2TP_UP,
        Step.PPP_ANSWERED,
        Step.AUTH_OK,
        Step.SESSION,
        Step.ADDRESS_ASKED,
        Step.PUSHED,
    }
)
"""Where a log that ends without any failure shows a dial that worked: every question before it was answered."""
