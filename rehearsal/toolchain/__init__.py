"""The Pulumi engine and its plugins where they cannot be downloaded."""
