"""The diagnosis of a dial from what its user sends: a log, a message or a code."""
