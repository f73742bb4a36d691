"""SoftEther: its installation, its own settings, its hubs and their users."""
