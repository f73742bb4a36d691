"""What would change on a FortiGate, and what users would notice."""
