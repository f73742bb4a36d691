"""`labvpn fortigate-provider`: moves the FortiGate's objects in a state to the other package of the provider."""
