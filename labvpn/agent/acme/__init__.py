"""The server's certificate from an ACME authority: fetched, renewed and set on the host itself."""
