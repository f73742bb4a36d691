"""What the lab is: frozen, typed values and their rules."""
