"""What runs permanently on the VPN host: the session reaper and the login guard."""
