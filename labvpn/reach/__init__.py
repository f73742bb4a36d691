"""Who reaches what: one model of the hub, the host and the FortiGate, decided packet by packet, rule by rule."""
