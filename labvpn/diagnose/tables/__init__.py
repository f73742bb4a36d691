"""The recogniser tables: for each family of clients, what each line means; within a table the first match wins."""
