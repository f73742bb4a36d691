"""The recogniser tables: for each family of clients, which line means what; within one, the first match wins."""
