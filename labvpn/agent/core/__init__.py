"""What every concern of the agent needs: the machine, documents, memory, locks, packages and units."""
