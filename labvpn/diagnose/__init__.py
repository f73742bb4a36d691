"""The diagnosis of a connection attempt from what its user sends: a log, a message or a code."""
