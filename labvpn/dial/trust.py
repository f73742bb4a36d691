"""By which certificate a dial verifies its server: the stack's authority, the one shown now, or the system's store."""

from __future__ import annotations

from contextlib import suppress

from labvpn.connect import stack_outputs
from labvpn.dial.requests import DialUsageError
from labvpn.dial.run import DialRequest
from labvpn.dial.sstp import port_of
from labvpn.kit.request import Trust
from labvpn.model.outputs import Outputs


def of_stack(stack: Outputs, pin: bool) -> Trust:
    """What a profile of the stack's trusts. Raises OutputsError, or DialUsageError where nothing is trusted."""
    trusted = stack.certificate or (stack_outputs.served_certificate(stack) if pin else None)
    if trusted is None:
        raise DialUsageError("The stack names no authority; trust the server's certificate by --trust-shown")
    return Trust(trusted)


def of_server(request: DialRequest, stack: Outputs | None, pin: bool) -> Trust | None:
    """What SSTP's server is verified by; None: by what this system trusts, as a client's does.

    A server that shows none, though the certificate that it shows is to be trusted, is left to the dial, which meets
    the closed port itself.
    """
    if pin:
        with suppress(OSError, UnicodeError):
            return Trust(stack_outputs.current_certificate(request.host, port_of(request)))
        return None
    if stack is None or stack.certificate is None or stack.acme == "public":
        return None
    return Trust(stack.certificate, stack.acme)
