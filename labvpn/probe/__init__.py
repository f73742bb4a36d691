"""Proof from outside: what answers where, and which hop closes what does not."""
