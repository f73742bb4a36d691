"""What runs on the VPN host without an end: the session reaper and the login guard."""
