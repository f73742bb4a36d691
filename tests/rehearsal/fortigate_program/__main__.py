"""The lab's FortiGate alone: the same settings and component, without the other hops."""

from pathlib import Path

import pulumi

from components.firewall import FortiGate, FortiGateArgs
from labvpn import settings
from labvpn.connect.errors import HopError
from labvpn.connect.inspect import inspect_fortigate_alone

lab, credentials = settings.load(Path(settings.__file__).parent.parent)
try:
    gate = inspect_fortigate_alone(lab, credentials)
except HopError as error:
    raise pulumi.RunError(str(error)) from None
FortiGate("fortigate", FortiGateArgs.of(lab, credentials, gate))
