"""The only I/O of the stack outside Pulumi's own resources."""
