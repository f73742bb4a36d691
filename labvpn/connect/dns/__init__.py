"""Name servers: queries, delegation, and signed updates."""
