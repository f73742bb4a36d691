"""A stand-in for a FortiGate: FortiOS REST over https, policies evaluated in order and enforced with nftables."""
