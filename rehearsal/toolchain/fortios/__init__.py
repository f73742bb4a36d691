"""A stand-in for the Pulumi plugin `fortios`: firewall objects of the rehearsal's FortiGate over its REST interface."""
