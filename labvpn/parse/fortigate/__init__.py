"""From a FortiGate's tables to values, with every condition that is not known by name."""
