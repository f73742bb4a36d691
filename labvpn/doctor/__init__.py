"""Proof from outside, and the diagnosis of what fails."""
