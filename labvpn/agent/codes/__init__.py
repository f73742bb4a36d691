"""The second factor: FreeRADIUS on the host's loopback, which checks a password with its code for SoftEther."""
