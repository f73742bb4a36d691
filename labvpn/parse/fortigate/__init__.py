"""From a FortiGate's tables to values, with every unknown condition by its name."""
