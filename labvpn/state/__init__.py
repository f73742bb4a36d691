"""Values that both sides share: what is declared, and what a machine has."""
