"""The only door to living machines outside Pulumi's own resources."""
